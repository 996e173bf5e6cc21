// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.MalformedInputException;
import dev.aisec.provenance.internal.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A strict reader of Python literals: dicts with string keys, lists, tuples, strings without escapes but of quotes and
 * backslashes, integers, True, False, None. A key that comes twice is refused.
 */
final class PythonLiteral {
    private static final int MOST_DEPTH = 16;

    /** A tuple, where it matters that it is no list. */
    record Tuple(List<@Nullable Object> items) {}

    private final String text;
    private final long base;
    private int at;

    private PythonLiteral(String text, long base) {
        this.text = text;
        this.base = base;
    }

    /** A Map, List, Tuple, String, Long, Boolean or null. */
    static @Nullable Object parse(String text, long base) {
        PythonLiteral reader = new PythonLiteral(text, base);
        Object value = reader.value(0);
        reader.space();
        if (reader.at < text.length()) {
            throw reader.malformed("nothing must follow the literal");
        }
        return value;
    }

    private MalformedInputException malformed(String message) {
        return new MalformedInputException(base + at, "header: " + message);
    }

    private void space() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char peek() {
        space();
        if (at >= text.length()) {
            throw malformed("the literal must be complete, ends early");
        }
        return text.charAt(at);
    }

    private boolean take(char c) {
        if (peek() == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) {
        if (!take(c)) {
            throw malformed("'" + c + "' must follow, does not");
        }
    }

    private @Nullable Object value(int depth) {
        if (depth > MOST_DEPTH) {
            throw malformed("values must be nested <= " + MOST_DEPTH + " deep, are deeper");
        }
        char c = peek();
        if (c == '{') {
            return dict(depth);
        }
        if (c == '[') {
            at++;
            return sequence(']', depth).items();
        }
        if (c == '(') {
            at++;
            Tuple tuple = sequence(')', depth);
            if (tuple.items().size() == 1 && !comma) {
                return tuple.items().get(0);
            }
            return tuple;
        }
        if (c == '\'' || c == '"') {
            return string();
        }
        if (c == '-' || c >= '0' && c <= '9') {
            return integer();
        }
        for (String word : List.of("True", "False", "None")) {
            if (text.startsWith(word, at)) {
                at += word.length();
                return word.equals("None") ? null : word.equals("True");
            }
        }
        throw malformed("a literal must follow, does not");
    }

    /** Whether the last sequence had a comma behind its last item. */
    private boolean comma;

    private Tuple sequence(char end, int depth) {
        List<@Nullable Object> items = new ArrayList<>();
        boolean last = false;
        while (!take(end)) {
            if (!items.isEmpty() && !last) {
                throw malformed("',' must stand between items, does not");
            }
            items.add(value(depth + 1));
            last = take(',');
        }
        comma = last;
        return new Tuple(items);
    }

    private Map<String, @Nullable Object> dict(int depth) {
        at++;
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        boolean last = true;
        while (!take('}')) {
            if (!last) {
                throw malformed("',' must stand between items, does not");
            }
            char c = peek();
            if (c != '\'' && c != '"') {
                throw malformed("a key must be a string, is not");
            }
            String key = string();
            expect(':');
            if (map.containsKey(key)) {
                throw malformed("keys must be unique, " + Text.quote(key) + " is not");
            }
            map.put(key, value(depth + 1));
            last = take(',');
        }
        return map;
    }

    private String string() {
        char quote = text.charAt(at++);
        StringBuilder out = new StringBuilder();
        while (true) {
            if (at >= text.length() || text.charAt(at) == '\n') {
                throw malformed("a string must end in its line, does not");
            }
            char c = text.charAt(at++);
            if (c == quote) {
                return out.toString();
            }
            if (c == '\\') {
                char e = at < text.length() ? text.charAt(at++) : 0;
                if (e != '\\' && e != '\'' && e != '"') {
                    throw malformed("only quotes and backslashes may be escaped");
                }
                c = e;
            }
            out.append(c);
        }
    }

    private Long integer() {
        int from = at;
        if (text.charAt(at) == '-') {
            at++;
        }
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        try {
            long value = Long.parseLong(text, from, at, 10);
            if (at < text.length() && text.charAt(at) == 'L') {
                // Python 2 wrote long integers so.
                at++;
            }
            return value;
        } catch (NumberFormatException e) {
            throw malformed("an integer must have up to 64 bits, has not");
        }
    }
}
