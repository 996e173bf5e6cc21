// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Checks a Jinja chat template without rendering it: only the statements, filters, tests, functions and methods that
 * templates of models use; no underscore attribute by any spelling, no key that is put together from pieces of text, no
 * function as a value. This is a check of words and their order, not a proof: a template is still best rendered in a
 * sandbox.
 *
 * <p>Source: the lexical rules of Jinja 3.1; CVE-2024-34359 (llama-cpp-python), CVE-2025-27516.
 */
final class JinjaTemplate {
    private static final Set<String> STATEMENTS = words("""
            if elif else endif for endfor set endset macro endmacro call endcall filter endfilter with endwith do
            generation endgeneration break continue raw endraw autoescape endautoescape
            """);
    private static final Set<String> DANGEROUS_STATEMENTS = words("import from include extends debug");
    private static final Set<String> OPERATORS =
            words("and or not in is if else true false none True False None recursive ignore missing without context");
    private static final Set<String> FUNCTIONS = words("range namespace dict raise_exception strftime_now loop caller");
    private static final Set<String> DANGEROUS_NAMES =
            words("lipsum self request config url_for get_flashed_messages application environment");
    private static final Set<String> HELPERS = words("cycler joiner super");
    private static final Set<String> FILTERS = words("""
            abs batch capitalize center count d default dictsort e escape filesizeformat first float forceescape format
            from_json fromjson groupby indent int items join json last length list lower map max min reject rejectattr replace reverse
            round safe select selectattr slice sort string striptags sum title to_json tojson trim truncate unique upper
            urlencode wordcount wordwrap
            """);
    private static final Set<String> LAZY =
            words("batch groupby map reject rejectattr select selectattr slice reverse unique");
    private static final Set<String> JOINING = words("first format join last random replace string");
    private static final Set<String> TESTS = words("""
            boolean defined divisibleby eq equalto escaped even false filter float ge greaterthan gt in integer iterable le
            lessthan lower lt mapping ne none None number odd sameas sequence string test true undefined upper not callable
            """);
    private static final Set<String> METHODS = words("""
            append capitalize center copy count endswith extend find format get index insert isalnum isalpha isdecimal
            isdigit islower isnumeric isspace istitle isupper items join keys ljust lower lstrip partition pop remove
            removeprefix removesuffix replace reverse rfind rindex rjust rpartition rsplit rstrip setdefault sort split
            splitlines startswith strftime strip swapcase title update upper values zfill isoformat
            """);
    /** Methods that put what they are given into their owner. */
    private static final Set<String> KEEPING = words("append extend insert setdefault update");
    /** Methods whose first argument is looked for and not given back. */
    private static final Set<String> LOOKING = words("""
            count endswith find get index lstrip pop removeprefix removesuffix replace rfind rindex rsplit rstrip split
            startswith strip
            """);
    /** Attributes of Python objects that lead to code; the first ones are those that Jinja's own sandbox refuses. */
    private static final Set<String> INTROSPECTION = words("""
            func_closure func_code func_dict func_defaults func_globals im_class im_func im_self gi_frame gi_code
            gi_yieldfrom cr_frame cr_code cr_await ag_frame ag_code mro f_back f_builtins f_code f_globals f_locals
            tb_frame tb_next co_code format_map
            """);

    private static final Pattern DUNDER = Pattern.compile("__(class|mro|bases?|subclasses|globals|builtins|import|init|"
            + "getattribute|getattr|dict|code|closure|self|func|module|reduce|reduce_ex|call|getitem|setattr|new|del|name|"
            + "qualname|wrapped|loader|spec|file|doc|dir|subclasshook|init_subclass|enter|exit|weakref)__");
    private static final Pattern END_RAW = Pattern.compile("\\{%[-+]?\\s{0,100}endraw\\s{0,100}[-+]?%\\}");
    private static final Pattern SPECIAL = Pattern.compile("[_%{]");
    private static final Pattern EDGE = Pattern.compile("_+|__\\w+|\\w+__");

    /** Bounds the work on keys within keys; no template of a model comes near. */
    private static final int MOST_BRACKETS = 50;

    private enum Kind {
        NAME,
        NUMBER,
        TEXT,
        SIGN
    }

    private record Token(Kind kind, String text) {
        boolean is(String sign) {
            return kind == Kind.SIGN && text.equals(sign);
        }
    }

    private final String template;
    private final Inspection inspection;
    private final List<List<Token>> tags = new ArrayList<>();
    private final List<Boolean> statements = new ArrayList<>();
    private final Set<String> macros = new HashSet<>();
    private final Map<String, Set<String>> parameters = new HashMap<>();
    private final Set<String> assigned = new HashSet<>();
    private final Set<String> built = new HashSet<>();
    /** What holds text of the template from which a name of Python's own can be made. */
    private final Set<String> raw = new HashSet<>(Set.of("kwargs", "varargs"));
    /** What a tag gives a value: no function any more. */
    private final Set<String> values = new HashSet<>();

    private final Set<String> reported = new HashSet<>();
    private String key = "";
    private long offset;

    JinjaTemplate(String template, Inspection inspection) {
        this.template = template;
        this.inspection = inspection;
    }

    private static Set<String> words(String text) {
        return Set.of(text.strip().split("\\s+"));
    }

    /**
     * Checks it.
     *
     * @param where name of the template
     * @param at where it stands
     */
    void check(String where, long at) throws IOException {
        key = where;
        offset = at;
        String broken = read();
        if (!broken.isEmpty()) {
            report("syntax", Standing.DANGEROUS, broken);
            return;
        }
        // Twice, since a loop carries what is assigned below to what stands above.
        for (int pass = 0; pass < 2; pass++) {
            for (int i = 0; i < tags.size(); i++) {
                inspection.step();
                if (statements.get(i)) {
                    declare(tags.get(i));
                }
                pass(tags.get(i));
            }
        }
        for (int i = 0; i < tags.size(); i++) {
            List<Token> tag = tags.get(i);
            int from = 0;
            if (statements.get(i)) {
                statement(tag);
                from = 1;
            }
            expression(tag, from);
        }
    }

    private void report(String what, Standing standing, String message) {
        if (reported.size() < 20 && reported.add(what)) {
            inspection.uses(
                    Use.OPERATOR,
                    "jinja." + what,
                    standing,
                    GgufFormat.TEMPLATE,
                    offset,
                    "template " + Text.quote(key) + ": " + message);
        }
    }

    private void dangerous(String what, String message) {
        report(what, Standing.DANGEROUS, message);
    }

    /** Cuts the template into tags and those into tokens; says what is wrong with it. */
    private String read() throws IOException {
        int at = 0;
        boolean raw = false;
        while (true) {
            int open = template.indexOf('{', at);
            if (open < 0 || open + 1 >= template.length()) {
                return raw ? "a raw block must end" : "";
            }
            inspection.step();
            char kind = template.charAt(open + 1);
            at = open + 1;
            if (raw) {
                Matcher end = END_RAW.matcher(template).region(open, template.length());
                if (end.lookingAt()) {
                    raw = false;
                    at = end.end();
                }
            } else if (kind == '#') {
                int end = template.indexOf("#}", open + 2);
                if (end < 0) {
                    return "a comment must end";
                }
                at = end + 2;
            } else if (kind == '{' || kind == '%') {
                List<Token> tokens = new ArrayList<>();
                int end = tokens(open + 2, kind == '{' ? "}}" : "%}", tokens);
                if (end < 0) {
                    return "a tag must end, hold signs of the language only and nest <= " + MOST_BRACKETS + " brackets";
                }
                at = end;
                if (kind == '%' && tokens.isEmpty()) {
                    return "a statement must have a name";
                }
                if (kind == '%' && tokens.get(0).text().equals("raw")) {
                    raw = true;
                } else {
                    tags.add(tokens);
                    statements.add(kind == '%');
                }
            }
        }
    }

    /** Reads the tokens of a tag; gives where it ends, or -1. */
    private int tokens(int from, String close, List<Token> tokens) throws IOException {
        Deque<Character> open = new ArrayDeque<>();
        int at = from;
        if (at < template.length() && (template.charAt(at) == '-' || template.charAt(at) == '+')) {
            at++;
        }
        while (at < template.length()) {
            inspection.step();
            char c = template.charAt(at);
            if (open.isEmpty()) {
                boolean control = (c == '-' || c == '+') && template.startsWith(close, at + 1);
                if (control || template.startsWith(close, at)) {
                    return at + (control ? 3 : 2);
                }
            }
            if (Character.isWhitespace(c)) {
                at++;
            } else if (c == '"' || c == '\'') {
                StringBuilder text = new StringBuilder();
                at = text(at, text);
                if (at < 0) {
                    return -1;
                }
                Token before = tokens.isEmpty() ? null : tokens.get(tokens.size() - 1);
                if (before != null && before.kind() == Kind.TEXT) {
                    // Literals that stand side by side are one.
                    tokens.set(tokens.size() - 1, new Token(Kind.TEXT, before.text() + text));
                } else {
                    tokens.add(new Token(Kind.TEXT, text.toString()));
                }
            } else if (Character.isDigit(c)) {
                int start = at;
                while (at < template.length()
                        && (Character.isLetterOrDigit(template.charAt(at))
                                || template.charAt(at) == '_'
                                || template.charAt(at) == '.'
                                        && at + 1 < template.length()
                                        && Character.isDigit(template.charAt(at + 1)))) {
                    at++;
                }
                tokens.add(new Token(Kind.NUMBER, template.substring(start, at)));
            } else if (Character.isUnicodeIdentifierPart(c) || c == '_') {
                int start = at;
                while (at < template.length() && Character.isUnicodeIdentifierPart(template.charAt(at))) {
                    at++;
                }
                if (at == start) {
                    at++;
                }
                tokens.add(new Token(Kind.NAME, template.substring(start, at)));
            } else {
                int length = sign(at);
                if (length == 0) {
                    return -1;
                }
                if (c == '(' || c == '[' || c == '{') {
                    if (open.size() == MOST_BRACKETS) {
                        return -1;
                    }
                    open.push(c);
                } else if (c == ')' || c == ']' || c == '}') {
                    char wanted = c == ')' ? '(' : c == ']' ? '[' : '{';
                    if (open.isEmpty() || open.pop() != wanted) {
                        return -1;
                    }
                }
                tokens.add(new Token(Kind.SIGN, template.substring(at, at + length)));
                at += length;
            }
        }
        return -1;
    }

    private int sign(int at) {
        String two = template.substring(at, Math.min(template.length(), at + 2));
        return switch (two) {
            case "//", "**", "==", "!=", ">=", "<=" -> 2;
            default -> "+-*/%~<>=()[]{}.:,|;".indexOf(template.charAt(at)) >= 0 ? 1 : 0;
        };
    }

    /** Decodes a literal as Python does; gives where it ends, or -1. */
    private int text(int from, StringBuilder out) {
        char quote = template.charAt(from);
        int at = from + 1;
        while (at < template.length()) {
            char c = template.charAt(at++);
            if (c == quote) {
                return at;
            }
            if (c != '\\') {
                out.append(c);
                continue;
            }
            if (at >= template.length()) {
                return -1;
            }
            char escape = template.charAt(at++);
            int digits = switch (escape) {
                case 'x' -> 2;
                case 'u' -> 4;
                case 'U' -> 8;
                default -> 0;
            };
            if (digits > 0) {
                int code = 0;
                for (int i = 0; i < digits; i++, at++) {
                    int digit = at < template.length() ? Character.digit(template.charAt(at), 16) : -1;
                    if (digit < 0 || code > 0x10ffff) {
                        return -1;
                    }
                    code = code * 16 + digit;
                }
                if (code > 0x10ffff) {
                    return -1;
                }
                out.appendCodePoint(code);
            } else if (escape >= '0' && escape <= '7') {
                int code = escape - '0';
                for (int i = 0; i < 2 && at < template.length(); i++, at++) {
                    int digit = Character.digit(template.charAt(at), 8);
                    if (digit < 0) {
                        break;
                    }
                    code = code * 8 + digit;
                }
                out.append((char) code);
            } else {
                switch (escape) {
                    case 'n' -> out.append('\n');
                    case 't' -> out.append('\t');
                    case 'r' -> out.append('\r');
                    case 'a', 'b', 'f', 'v' -> out.append(' ');
                    // A character by its name can be any, an underscore too.
                    case 'N' -> out.append("__class__");
                    case '\n' -> {}
                    case '\\', '\'', '"' -> out.append(escape);
                    default -> out.append('\\').append(escape);
                }
            }
        }
        return -1;
    }

    /** Notes which names the template itself gives a value, and which of those hold text that it puts together. */
    private void declare(List<Token> tag) {
        String word = tag.get(0).text();
        switch (word) {
            case "macro" -> {
                if (tag.size() > 1) {
                    macros.add(tag.get(1).text());
                }
                assign(tag, 2, tag.size(), false);
                names(tag, 2, tag.size(), values);
                if (holds(tag, 2, tag.size(), true)) {
                    names(tag, 2, tag.size(), raw);
                }
                if (puts(tag, 2, tag.size())) {
                    names(tag, 2, tag.size(), built);
                }
                parameters(tag.size() > 1 ? tag.get(1).text() : "", tag, 2);
            }
            case "call" -> {
                assign(tag, 1, tag.size(), false);
                parameters("caller", tag, 1);
            }
            case "with" -> {
                boolean text = puts(tag, 1, tag.size());
                boolean holds = holds(tag, 1, tag.size(), false);
                for (int i = 1; i + 1 < tag.size(); i++) {
                    if (tag.get(i + 1).is("=")) {
                        assign(tag, i, i + 1, text);
                        give(tag, i, i + 1, holds);
                    }
                }
            }
            case "set" -> {
                int equals = index(tag, "=");
                // A block between set and endset is text.
                boolean text = equals < 0 || puts(tag, equals + 1, tag.size());
                int end = equals < 0 ? tag.size() : equals;
                assign(tag, 1, end, text);
                give(tag, 1, end, equals >= 0 && holds(tag, equals + 1, tag.size(), false));
            }
            case "for" -> {
                int in = 1;
                while (in < tag.size()
                        && !(tag.get(in).kind() == Kind.NAME
                                && tag.get(in).text().equals("in"))) {
                    in++;
                }
                parameters("loop", tag.subList(0, in), 1);
                assign(tag, 1, in, puts(tag, in, tag.size()));
                give(tag, 1, in, holds(tag, in, tag.size(), false));
            }
            default -> {}
        }
    }

    private void parameters(String macro, List<Token> tag, int from) {
        Set<String> names = parameters.computeIfAbsent(macro, m -> new HashSet<>());
        for (int i = from; i < tag.size(); i++) {
            if (tag.get(i).kind() == Kind.NAME) {
                names.add(tag.get(i).text());
            }
        }
    }

    /** What is put together and passed to a macro is in its parameters. */
    private void pass(List<Token> tag) {
        for (int i = 0; i + 1 < tag.size(); i++) {
            boolean member = i > 1 && tag.get(i - 1).is(".");
            Set<String> names = member && KEEPING.contains(tag.get(i).text())
                    ? Set.of(owner(tag, i - 2))
                    : parameters.get(tag.get(i).text());
            if (names != null
                    && tag.get(i + 1).is("(")
                    && !(i == 1 && tag.get(0).text().equals("macro"))) {
                int depth = 0;
                int end = i + 1;
                do {
                    depth += tag.get(end).is("(") ? 1 : tag.get(end).is(")") ? -1 : 0;
                    end++;
                } while (depth > 0 && end < tag.size());
                if (puts(tag, i + 2, end - 1)) {
                    built.addAll(names);
                }
                if (holds(tag, i + 2, end - 1, true)) {
                    raw.addAll(names);
                }
            }
        }
    }

    /** Whether a name, or what it is an attribute of, holds text that was put together. */
    private boolean isBuilt(List<Token> tag, int at, int to) {
        return contains(built, tag, at, to);
    }

    private static boolean contains(Set<String> paths, List<Token> tag, int at, int to) {
        String path = path(tag, at, to);
        while (!paths.contains(path)) {
            int dot = path.lastIndexOf('.');
            if (dot < 0) {
                return false;
            }
            path = path.substring(0, dot);
        }
        return true;
    }

    private boolean callsMacro(List<Token> tag, int at) {
        return tag.get(at).kind() == Kind.NAME
                && at + 1 < tag.size()
                && tag.get(at + 1).is("(")
                && (macros.contains(tag.get(at).text()) || tag.get(at).text().equals("caller"));
    }

    private void assign(List<Token> tag, int from, int to, boolean text) {
        for (int i = from; i < to; i++) {
            if (tag.get(i).kind() == Kind.NAME && !(i > from && tag.get(i - 1).is("."))) {
                assigned.add(tag.get(i).text());
                if (text) {
                    built.add(path(tag, i, to));
                }
            }
        }
    }

    /** The name, with attributes, that ends here; behind brackets the name before them. */
    private static String owner(List<Token> tag, int end) {
        int i = end;
        int depth = 0;
        while (i > 0 && (depth > 0 || tag.get(i).is("]") || tag.get(i).is(")"))) {
            depth += tag.get(i).is("]") || tag.get(i).is(")")
                    ? 1
                    : tag.get(i).is("[") || tag.get(i).is("(") ? -1 : 0;
            i--;
        }
        int from = i;
        while (from > 1 && tag.get(from - 1).is(".") && tag.get(from - 2).kind() == Kind.NAME) {
            from -= 2;
        }
        return path(tag, from, i + 1);
    }

    private static void names(List<Token> tag, int from, int to, Set<String> into) {
        for (int i = from; i < to; i++) {
            if (tag.get(i).kind() == Kind.NAME && !(i > from && tag.get(i - 1).is("."))) {
                into.add(tag.get(i).text());
            }
        }
    }

    /** Names that a tag gives a value, which may be text of the template. */
    private void give(List<Token> tag, int from, int to, boolean holds) {
        for (int i = from; i < to; i++) {
            if (tag.get(i).kind() == Kind.NAME && !(i > from && tag.get(i - 1).is("."))) {
                String path = path(tag, i, to);
                if (path.equals(tag.get(i).text())) {
                    values.add(path);
                }
                if (holds) {
                    raw.add(path);
                }
            }
        }
    }

    /** Whether an expression holds text from which a name of Python's own can be made by work on it. */
    private boolean holds(List<Token> tag, int from, int to, boolean arguments) {
        int keys = 0;
        for (int i = from; i < to; i++) {
            Token token = tag.get(i);
            if (token.is("[")) {
                keys += keys > 0 || subscript(tag, i) ? 1 : 0;
            } else if (token.is("]")) {
                keys -= keys > 0 ? 1 : 0;
            } else if (keys == 0) {
                boolean named =
                        token.kind() == Kind.NAME && !(i > 0 && tag.get(i - 1).is("."));
                boolean compared =
                        i > from && (tag.get(i - 1).is("==") || tag.get(i - 1).is("!="));
                boolean text = token.kind() == Kind.TEXT && !compared && (arguments || !lookedFor(tag, i));
                boolean dict = named
                        && token.text().equals("dict")
                        && i + 1 < to
                        && tag.get(i + 1).is("(");
                if (named && contains(raw, tag, i, to)
                        || dict
                        || text && SPECIAL.matcher(token.text()).find()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether a token stands alone between the parentheses and commas of a call. */
    private static boolean argument(List<Token> tag, int from, int at) {
        return at > from
                && at + 1 < tag.size()
                && (tag.get(at - 1).is("(") || tag.get(at - 1).is(","))
                && (tag.get(at + 1).is(")") || tag.get(at + 1).is(","));
    }

    private static boolean lookedFor(List<Token> tag, int at) {
        return at > 2
                && tag.get(at - 1).is("(")
                && LOOKING.contains(tag.get(at - 2).text())
                && tag.get(at - 3).is(".");
    }

    private static boolean formatsTime(List<Token> tag, int at) {
        return tag.get(at).text().equals("strftime_now")
                && at + 1 < tag.size()
                && tag.get(at + 1).is("(");
    }

    /** Whether a method is called here, on text or on what a parenthesis gives. */
    private static boolean works(List<Token> tag, int at, int to, boolean named) {
        return tag.get(at).is(".")
                && at > 0
                && at + 2 < to
                && tag.get(at + 1).kind() == Kind.NAME
                && tag.get(at + 2).is("(")
                && (named
                        || tag.get(at - 1).kind() == Kind.TEXT
                        || tag.get(at - 1).is(")"));
    }

    /** A name with the attributes behind it. */
    private static String path(List<Token> tag, int at, int to) {
        StringBuilder path = new StringBuilder(tag.get(at).text());
        for (int i = at + 1; i + 1 < to && tag.get(i).is(".") && tag.get(i + 1).kind() == Kind.NAME; i += 2) {
            path.append('.').append(tag.get(i + 1).text());
        }
        return path.toString();
    }

    private static int index(List<Token> tag, String sign) {
        for (int i = 0; i < tag.size(); i++) {
            if (tag.get(i).is(sign)) {
                return i;
            }
        }
        return -1;
    }

    /** Whether an expression puts text together: literals, or what was built of them, with operators or filters. */
    private boolean puts(List<Token> tag, int from, int to) {
        boolean text = false;
        boolean work = false;
        boolean named = false;
        int keys = 0;
        for (int i = from; i < to; i++) {
            Token token = tag.get(i);
            if (token.is("[")) {
                keys += keys > 0 || subscript(tag, i) ? 1 : 0;
            } else if (token.is("]")) {
                keys -= keys > 0 ? 1 : 0;
            } else if (keys == 0) {
                boolean own =
                        token.kind() == Kind.NAME && !(i > 0 && tag.get(i - 1).is(".")) && isBuilt(tag, i, to);
                boolean joins = token.is("|")
                        && i + 1 < to
                        && JOINING.contains(tag.get(i + 1).text());
                if (own || joins || token.is("~") || callsMacro(tag, i)) {
                    return true;
                }
                boolean compared =
                        i > from && (tag.get(i - 1).is("==") || tag.get(i - 1).is("!="));
                boolean argument = argument(tag, from, i);
                named |= token.kind() == Kind.NAME && !(i > 0 && tag.get(i - 1).is(".")) && contains(raw, tag, i, to);
                text |= named;
                text |= token.kind() == Kind.TEXT && !compared && !argument;
                text |= token.kind() == Kind.TEXT && argument && token.text().indexOf('_') >= 0;
                work |= token.is("~") || token.is("+") || token.is("%") || token.is("*") || token.is("|");
                work |= works(tag, i, to, named) || formatsTime(tag, i);
            }
        }
        return text && work;
    }

    private void statement(List<Token> tag) {
        Token first = tag.get(0);
        String word = first.text();
        if (DANGEROUS_STATEMENTS.contains(word)) {
            dangerous("statement." + word, "statement " + Text.quote(word) + " brings in other templates");
        } else if (!STATEMENTS.contains(word) || first.kind() != Kind.NAME) {
            report(
                    "statement." + word,
                    Standing.UNKNOWN,
                    "statement " + Text.quote(word) + " is not one of templates of models");
        }
        if (word.equals("filter") && tag.size() > 1) {
            filter(tag, 1);
        }
    }

    private void expression(List<Token> tag, int from) throws IOException {
        for (int i = from; i < tag.size(); i++) {
            inspection.step();
            Token token = tag.get(i);
            switch (token.kind()) {
                case TEXT -> literal(tag, i);
                case NAME -> name(tag, i, from);
                case SIGN -> {
                    if (token.is("(") && i > from) {
                        Token before = tag.get(i - 1);
                        if (before.is(")") || before.is("]") || before.is("}") || before.kind() == Kind.TEXT) {
                            dangerous("call", "a function must be called by its name");
                        }
                    } else if (token.is("[") && subscript(tag, i)) {
                        key(tag, i);
                    }
                }
                case NUMBER -> {}
            }
        }
    }

    private void literal(List<Token> tag, int at) {
        String text = tag.get(at).text();
        if (DUNDER.matcher(text).find() || EDGE.matcher(text).matches()) {
            dangerous("text." + text, "text must not be a part of a name of Python's own, was " + Text.quote(text));
        }
        if (at + 2 < tag.size() && tag.get(at + 1).is("|")) {
            String filter = tag.get(at + 2).text();
            if (LAZY.contains(filter) || filter.equals("list") || filter.equals("first") || filter.equals("last")) {
                dangerous("text-pieces", "text must not be taken apart, is by " + Text.quote(filter));
            }
        }
    }

    private void name(List<Token> tag, int at, int from) {
        String name = tag.get(at).text();
        boolean called = at + 1 < tag.size() && tag.get(at + 1).is("(");
        Token before = at > 0 ? tag.get(at - 1) : new Token(Kind.SIGN, "");
        if (before.is(".")) {
            attribute(tag, at, name, called);
        } else if (before.is("|")) {
            filter(tag, at);
        } else if (isTest(tag, at)) {
            if (!TESTS.contains(name)) {
                report("test." + name, Standing.UNKNOWN, "test " + Text.quote(name) + " is not known");
            }
        } else if (name.startsWith("__") && name.chars().anyMatch(c -> c != '_')) {
            dangerous("name." + name, "name " + Text.quote(name) + " is one of Python's own");
        } else if (OPERATORS.contains(name) || at == 0 && from > 0) {
            return;
        } else if (at + 1 < tag.size() && tag.get(at + 1).is("=")) {
            // An assignment, or a keyword argument, which can become text.
            if (at > 1 && name.startsWith("_")) {
                dangerous("name." + name, "an argument must not be named " + Text.quote(name));
            }
        } else if (DANGEROUS_NAMES.contains(name) && (name.equals("self") || !assigned.contains(name))) {
            dangerous("name." + name, "name " + Text.quote(name) + " gives what is not in the messages");
        } else if (called) {
            if (values.contains(name)) {
                dangerous("function." + name, "a value must not be called, is " + Text.quote(name));
            } else if (!FUNCTIONS.contains(name) && !macros.contains(name)) {
                report("function." + name, Standing.UNKNOWN, "function " + Text.quote(name) + " is not known");
            }
        } else {
            value(tag, at, name);
        }
    }

    /** A function where a value is expected shows its inside as text. */
    private void value(List<Token> tag, int at, String name) {
        boolean function = (FUNCTIONS.contains(name) && !assigned.contains(name) || HELPERS.contains(name))
                && !assigned.contains(name);
        boolean attribute = at + 1 < tag.size() && tag.get(at + 1).is(".");
        boolean tested = at + 1 < tag.size() && tag.get(at + 1).text().equals("is");
        if (function && !(name.equals("loop") && attribute) && !tested || macros.contains(name) && attribute) {
            dangerous("value." + name, "function " + Text.quote(name) + " must be called, is used as a value");
        }
    }

    private static boolean isTest(List<Token> tag, int at) {
        int i = at - 1;
        if (i >= 0 && tag.get(i).kind() == Kind.NAME && tag.get(i).text().equals("not")) {
            i--;
        }
        return i >= 0
                && tag.get(i).kind() == Kind.NAME
                && tag.get(i).text().equals("is")
                && !(i > 0 && tag.get(i - 1).is("."));
    }

    private void attribute(List<Token> tag, int at, String name, boolean called) {
        if (name.startsWith("_") || INTROSPECTION.contains(name)) {
            dangerous("attribute." + name, "attribute " + Text.quote(name) + " leads into Python");
        } else if (called && name.equals("format")) {
            Token owner = at >= 2 ? tag.get(at - 2) : new Token(Kind.SIGN, "");
            if (owner.kind() != Kind.TEXT
                    || owner.text().contains("._")
                    || owner.text().contains("[")) {
                dangerous("method.format", "format must be called on plain text: it reaches attributes");
            }
        } else if (called && !METHODS.contains(name)) {
            report("method." + name, Standing.UNKNOWN, "method " + Text.quote(name) + " is not known");
        }
    }

    private void filter(List<Token> tag, int at) {
        String name = tag.get(at).text();
        if (name.equals("attr") || name.equals("xmlattr")) {
            dangerous("filter." + name, "filter " + Text.quote(name) + " reaches attributes by computed names");
            return;
        }
        if (!FILTERS.contains(name)) {
            report("filter." + name, Standing.UNKNOWN, "filter " + Text.quote(name) + " is not known");
        }
        boolean afterText = at >= 2
                && tag.get(at - 2).kind() == Kind.NAME
                && tag.get(at - 2).text().equals("string")
                && at >= 3
                && tag.get(at - 3).is("|");
        if (afterText && (name.equals("list") || LAZY.contains(name))
                || name.equals("string") && at >= 2 && lazy(tag, at - 2)) {
            dangerous("text-pieces", "what a value prints as must not be taken apart");
        }
        if (at + 1 < tag.size() && tag.get(at + 1).is("(")) {
            arguments(tag, at, name);
        } else if (name.equals("map")) {
            dangerous("filter.map", "filter map must name what it applies");
        }
    }

    /** Whether a filter that gives a generator ends here. */
    private static boolean lazy(List<Token> tag, int end) {
        int i = end;
        if (tag.get(i).is(")")) {
            int depth = 0;
            for (; i >= 0; i--) {
                if (tag.get(i).is(")")) {
                    depth++;
                } else if (tag.get(i).is("(") && --depth == 0) {
                    break;
                }
            }
            i--;
        }
        return i >= 1 && LAZY.contains(tag.get(i).text()) && tag.get(i - 1).is("|");
    }

    private void arguments(List<Token> tag, int at, String name) {
        boolean reaches = switch (name) {
            case "map", "selectattr", "rejectattr", "groupby", "sort", "unique", "sum", "min", "max", "join" -> true;
            default -> false;
        };
        if (!reaches) {
            return;
        }
        boolean first =
                name.equals("map") || name.equals("selectattr") || name.equals("rejectattr") || name.equals("groupby");
        int depth = 0;
        for (int i = at + 1; i < tag.size(); i++) {
            Token token = tag.get(i);
            if (token.is("(")) {
                depth++;
            } else if (token.is(")") && --depth == 0) {
                if (!name.equals("join") && puts(tag, at + 2, i)) {
                    dangerous("filter." + name, "arguments of filter " + Text.quote(name) + " must be plain");
                }
                break;
            } else if (token.kind() == Kind.TEXT
                    && !name.equals("join")
                    && (token.text().startsWith("_") || token.text().contains("._"))) {
                dangerous("attribute." + token.text(), "attribute " + Text.quote(token.text()) + " leads into Python");
            }
            boolean attribute = token.kind() == Kind.NAME
                    && token.text().equals("attribute")
                    && i + 1 < tag.size()
                    && tag.get(i + 1).is("=");
            if (attribute && !plain(tag, i + 2)
                    || first && i == at + 2 && !attribute && !plain(tag, i) && !token.is(")")) {
                dangerous("filter." + name, "filter " + Text.quote(name) + " must name an attribute by plain text");
            }
            if (name.equals("map") && i == at + 2 && token.kind() == Kind.TEXT && !FILTERS.contains(token.text())) {
                dangerous("filter." + token.text(), "filter " + Text.quote(token.text()) + " must not be mapped");
            }
        }
    }

    /** Whether a literal stands alone here. */
    private static boolean plain(List<Token> tag, int at) {
        return at + 1 < tag.size()
                && (tag.get(at).kind() == Kind.TEXT || tag.get(at).kind() == Kind.NUMBER)
                && (tag.get(at + 1).is(",") || tag.get(at + 1).is(")"));
    }

    private static boolean subscript(List<Token> tag, int at) {
        if (at == 0) {
            return false;
        }
        Token before = tag.get(at - 1);
        return before.kind() == Kind.NAME && !OPERATORS.contains(before.text())
                || before.kind() == Kind.TEXT
                || before.is("]")
                || before.is(")")
                || before.is("}");
    }

    /** The key between brackets. */
    private void key(List<Token> tag, int open) {
        if (tag.get(open - 1).kind() == Kind.TEXT) {
            dangerous("text-pieces", "text must not be taken apart by position");
        }
        boolean text = false;
        boolean work = false;
        int nested = 0;
        int depth = 0;
        for (int i = open; i < tag.size(); i++) {
            Token token = tag.get(i);
            if (token.is("[")) {
                depth++;
                nested += i > open && (nested > 0 || subscript(tag, i)) ? 1 : 0;
                continue;
            }
            if (token.is("]")) {
                if (--depth == 0) {
                    break;
                }
                nested -= nested > 0 ? 1 : 0;
                continue;
            }
            if (nested > 0) {
                continue;
            }
            boolean member = tag.get(i - 1).is(".");
            if (token.kind() == Kind.TEXT) {
                text = true;
                if (token.text().startsWith("_") || INTROSPECTION.contains(token.text())) {
                    dangerous("key." + token.text(), "key " + Text.quote(token.text()) + " leads into Python");
                }
            } else if (token.is("~")) {
                dangerous("key", "a key must not be put together from pieces");
            } else if (token.kind() == Kind.NAME && !member && (isBuilt(tag, i, tag.size()) || callsMacro(tag, i))) {
                dangerous("key", "a key must not be put together from pieces, is " + Text.quote(token.text()));
            } else {
                text |= token.kind() == Kind.NAME && !member && contains(raw, tag, i, tag.size());
                boolean filter = token.is("|")
                        && i + 1 < tag.size()
                        && !counts(tag.get(i + 1).text());
                work |= filter || token.is("+") || token.is("%") || token.is("*");
                work |= member && i + 1 < tag.size() && tag.get(i + 1).is("(");
                work |= formatsTime(tag, i);
            }
        }
        if (text && work) {
            dangerous("key", "a key must not be put together from pieces");
        }
    }

    private static boolean counts(String filter) {
        return filter.equals("length") || filter.equals("int") || filter.equals("count");
    }
}
