// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.json;

import dev.aisec.core.MalformedInputException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A strict, bounded parser of RFC 8259 documents, I-JSON (RFC 7493) in what it refuses: duplicate names, invalid UTF-8,
 * lone surrogates, numbers beyond double, a byte-order mark, anything after the value.
 *
 * <p>Guarantee: for any bytes it returns a value or throws {@link MalformedInputException}; memory and time are linear in
 * the length of the input, the stack is bounded by {@link JsonLimits#depth()}.
 */
public final class JsonParser {
    private final byte[] in;
    private final JsonLimits limits;
    private int at;
    private int depth;
    private int values;

    private JsonParser(byte[] in, JsonLimits limits) {
        this.in = in;
        this.limits = limits;
    }

    /**
     * Parses a document.
     *
     * @param utf8 the whole document
     * @param limits what to accept at most
     * @return the value
     * @throws MalformedInputException with the byte offset at which the document left the format or the limits
     */
    public static JsonValue parse(byte[] utf8, JsonLimits limits) {
        if (utf8.length > limits.bytes()) {
            throw new MalformedInputException(
                    limits.bytes(), "JSON must have <= " + limits.bytes() + " bytes, had " + utf8.length);
        }
        JsonParser parser = new JsonParser(utf8, limits);
        parser.space();
        JsonValue value = parser.value();
        parser.space();
        if (parser.at < utf8.length) {
            throw parser.error("nothing may follow the value");
        }
        return value;
    }

    private JsonValue value() {
        if (++values > limits.values()) {
            throw error("number of values must be <= " + limits.values());
        }
        return switch (peek()) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> new JsonValue.JsonString(string());
            case 't' -> word("true", new JsonValue.JsonBoolean(true));
            case 'f' -> word("false", new JsonValue.JsonBoolean(false));
            case 'n' -> word("null", new JsonValue.JsonNull());
            default -> number();
        };
    }

    private JsonValue object() {
        enter();
        Map<String, JsonValue> members = new LinkedHashMap<>();
        if (peek() != '}') {
            while (true) {
                int start = at;
                if (peek() != '"') {
                    throw error("a member must begin with its name in quotes");
                }
                String name = string();
                space();
                expect(':');
                space();
                if (members.put(name, value()) != null) {
                    at = start;
                    throw error("names must be unique, one stands twice");
                }
                space();
                if (peek() != ',') {
                    break;
                }
                at++;
                space();
            }
        }
        expect('}');
        depth--;
        return new JsonValue.JsonObject(members);
    }

    private JsonValue array() {
        enter();
        List<JsonValue> items = new ArrayList<>();
        if (peek() != ']') {
            while (true) {
                items.add(value());
                space();
                if (peek() != ',') {
                    break;
                }
                at++;
                space();
            }
        }
        expect(']');
        depth--;
        return new JsonValue.JsonArray(items);
    }

    private void enter() {
        if (++depth > limits.depth()) {
            throw error("depth must be <= " + limits.depth());
        }
        at++;
        space();
    }

    private String string() {
        at++;
        StringBuilder text = new StringBuilder();
        int run = at;
        while (true) {
            int c = peek();
            if (c == '"') {
                decode(run, at, text);
                at++;
                break;
            }
            if (c < 0) {
                throw error("a string must end");
            }
            if (c < 0x20) {
                throw error("a control character must be escaped");
            }
            if (c == '\\') {
                decode(run, at, text);
                at++;
                escape(text);
                run = at;
            } else {
                at++;
            }
            if (text.length() + (at - run) / 4 > limits.stringLength()) {
                throw error("string length must be <= " + limits.stringLength());
            }
        }
        if (text.length() > limits.stringLength()) {
            throw error("string length must be <= " + limits.stringLength());
        }
        return text.toString();
    }

    private void escape(StringBuilder text) {
        int c = peek();
        at++;
        switch (c) {
            case '"', '\\', '/' -> text.append((char) c);
            case 'b' -> text.append('\b');
            case 'f' -> text.append('\f');
            case 'n' -> text.append('\n');
            case 'r' -> text.append('\r');
            case 't' -> text.append('\t');
            case 'u' -> {
                char unit = hex();
                text.append(unit);
                if (Character.isHighSurrogate(unit)) {
                    if (at + 1 < in.length && in[at] == '\\' && in[at + 1] == 'u') {
                        at += 2;
                        char low = hex();
                        if (Character.isLowSurrogate(low)) {
                            text.append(low);
                            return;
                        }
                    }
                    throw error("a high surrogate must be followed by a low one");
                }
                if (Character.isLowSurrogate(unit)) {
                    throw error("a low surrogate must follow a high one");
                }
            }
            default -> {
                at--;
                throw error("an escape must be one of \" \\ / b f n r t u");
            }
        }
    }

    private char hex() {
        int unit = 0;
        for (int i = 0; i < 4; i++) {
            int digit = at < in.length ? Character.digit(in[at], 16) : -1;
            if (digit < 0) {
                throw error("\\u must be followed by four hexadecimal digits");
            }
            unit = unit * 16 + digit;
            at++;
        }
        return (char) unit;
    }

    private void decode(int from, int to, StringBuilder text) {
        if (from == to) {
            return;
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer bytes = ByteBuffer.wrap(in, from, to - from);
        CharBuffer chars = CharBuffer.allocate(to - from);
        CoderResult result = decoder.decode(bytes, chars, true);
        if (result.isError()) {
            at = bytes.position();
            throw error("text must be valid UTF-8");
        }
        text.append(chars.flip());
    }

    private JsonValue number() {
        int start = at;
        if (peek() == '-') {
            at++;
        }
        int first = peek();
        int integer = digits();
        if (integer == 0) {
            at = start;
            throw error("a value must begin here");
        }
        if (first == '0' && integer > 1) {
            at = start;
            throw error("a number must not begin with 0");
        }
        if (peek() == '.') {
            at++;
            if (digits() == 0) {
                throw error("a digit must follow the point");
            }
        }
        if (peek() == 'e' || peek() == 'E') {
            at++;
            if (peek() == '+' || peek() == '-') {
                at++;
            }
            if (digits() == 0) {
                throw error("a digit must follow the exponent");
            }
        }
        if (at - start > 1100) {
            throw error("a number must have <= 1100 characters");
        }
        double value = Double.parseDouble(new String(in, start, at - start, StandardCharsets.US_ASCII));
        if (Double.isInfinite(value)) {
            at = start;
            throw error("a number must be within the range of double");
        }
        return new JsonValue.JsonNumber(value);
    }

    private int digits() {
        int start = at;
        while (at < in.length && in[at] >= '0' && in[at] <= '9') {
            at++;
        }
        return at - start;
    }

    private JsonValue word(String word, JsonValue value) {
        for (int i = 0; i < word.length(); i++) {
            expect(word.charAt(i));
        }
        return value;
    }

    private void space() {
        while (at < in.length && (in[at] == ' ' || in[at] == '\t' || in[at] == '\n' || in[at] == '\r')) {
            at++;
        }
    }

    private void expect(char c) {
        if (peek() != c) {
            throw error("'" + c + "' must stand here");
        }
        at++;
    }

    private int peek() {
        return at < in.length ? in[at] & 0xff : -1;
    }

    private MalformedInputException error(String rule) {
        return new MalformedInputException(at, "JSON: " + rule + (at >= in.length ? ", the document ends" : ""));
    }
}
