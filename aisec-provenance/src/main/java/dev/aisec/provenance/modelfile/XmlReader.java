// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A streaming reader of the part of XML 1.0 that data needs: elements, attributes, text, comments, CDATA. There is no
 * document type, no entity beyond the five predefined ones, no processing instruction: not switched off, but not there.
 * UTF-8, US-ASCII and ISO-8859-1 only. Memory is bounded by the depth and by the size of one tag.
 */
final class XmlReader {
    static final Rule DTD = Rule.reject(
            "pmml.dtd",
            "A document type or an entity makes an XML parser read files, open connections or expand without end.",
            "CWE-611, CWE-776");
    static final Rule INSTRUCTION = Rule.reject(
            "pmml.processing-instruction",
            "A processing instruction makes a reader load a style sheet or run code.",
            "CWE-611");
    static final Rule ENCODING = Rule.reject(
            "pmml.encoding",
            "The text is in an encoding in which checks for document types can be evaded.",
            "CWE-116, CWE-611");
    static final Rule MALFORMED =
            Rule.reject("pmml.malformed", "The XML is not well-formed.", "Extensible Markup Language (XML) 1.0");

    /** What is read. */
    interface Handler {
        /** An element begins; attributes without those that declare namespaces. */
        void start(String uri, String name, Map<String, String> attributes, long offset) throws IOException;

        /** A character of text. */
        void text(int character) throws IOException;

        /** The element that began last and has not ended ends. */
        void end(long offset) throws IOException;
    }

    private static final int MOST_ATTRIBUTES = 200;
    private static final int MOST_TAG = 1 << 20;
    private static final int MOST_NAME = 1024;

    private final Inspection inspection;
    private final Cursor c;
    private final Handler handler;
    private final List<String> open = new ArrayList<>();
    private final List<Map<String, String>> spaces = new ArrayList<>();
    private boolean latin;
    private boolean ascii;
    private int pushed = -1;
    private long tagBytes;

    private XmlReader(ByteSource source, Inspection inspection, Handler handler) {
        this.inspection = inspection;
        this.c = new Cursor(source);
        this.handler = handler;
    }

    /** Reads a whole document. */
    static void read(ByteSource source, Inspection inspection, Handler handler) throws IOException {
        new XmlReader(source, inspection, handler).document();
    }

    private IOException malformed(String message) {
        return new Refusal(MALFORMED, c.position(), message);
    }

    // --- characters ---

    private int raw() throws IOException {
        if ((c.position() & 63) == 0) {
            inspection.step();
        }
        return c.u8();
    }

    /** The next character; the end of the document is refused. */
    private int next() throws IOException {
        if (pushed >= 0) {
            int character = pushed;
            pushed = -1;
            return character;
        }
        long at = c.position();
        int b = raw();
        int value;
        if (b < 0x80 || latin) {
            value = b;
        } else if (ascii) {
            throw new Refusal(ENCODING, at, "US-ASCII must have bytes < 128, was " + b);
        } else {
            int more = b >> 5 == 6 ? 1 : b >> 4 == 14 ? 2 : b >> 3 == 30 ? 3 : 0;
            value = b & 0x3f >> more;
            for (int i = 0; i < more; i++) {
                int trail = raw();
                if (trail >> 6 != 2) {
                    throw new Refusal(ENCODING, at, "text must be valid UTF-8");
                }
                value = value << 6 | trail & 0x3f;
            }
            int least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
            if (more == 0 || value < least) {
                throw new Refusal(ENCODING, at, "text must be valid UTF-8");
            }
        }
        if (!valid(value)) {
            throw malformed(String.format("a character must be one of XML, was %04x", value));
        }
        if (value == '\r') {
            if (c.remaining() > 0) {
                int after = c.u8();
                if (after != '\n') {
                    c.position(c.position() - 1);
                }
            }
            return '\n';
        }
        return value;
    }

    private static boolean valid(int c) {
        return c == 9
                || c == 10
                || c == 13
                || c >= 0x20 && c <= 0xd7ff
                || c >= 0xe000 && c <= 0xfffd
                || c >= 0x10000 && c <= 0x10ffff;
    }

    private static boolean space(int c) {
        return c == ' ' || c == '\t' || c == '\n';
    }

    private boolean more() {
        return pushed >= 0 || c.remaining() > 0;
    }

    // --- document ---

    private void document() throws IOException {
        prolog();
        boolean root = false;
        boolean instruction = false;
        while (more()) {
            long at = c.position();
            int character = next();
            if (character != '<') {
                if (open.isEmpty()) {
                    if (!space(character)) {
                        throw malformed("text must be within the root element");
                    }
                } else if (character == '&') {
                    handler.text(entity());
                } else {
                    handler.text(character);
                }
                continue;
            }
            int first = next();
            if (first == '!') {
                markup(at);
            } else if (first == '?') {
                instruction = true;
            } else if (first == '/') {
                end(at);
            } else {
                if (open.isEmpty() && root) {
                    throw malformed("a document must have one root element, has more");
                }
                root = true;
                pushed = first;
                start(at);
            }
            if (instruction) {
                throw new Refusal(INSTRUCTION, at, "a document must have no processing instructions, has some");
            }
        }
        if (!open.isEmpty()) {
            throw new Refusal(
                    FileRules.TRUNCATED,
                    c.position(),
                    "element " + Text.quote(open.get(open.size() - 1)) + " must end");
        }
        if (!root) {
            throw malformed("a document must have a root element, has none");
        }
    }

    private void prolog() throws IOException {
        byte[] head = c.source().read(0, (int) Math.min(256, c.source().length()));
        int start = 0;
        if (head.length >= 3 && (head[0] & 0xff) == 0xef && (head[1] & 0xff) == 0xbb && (head[2] & 0xff) == 0xbf) {
            start = 3;
        }
        int first = start;
        while (first < head.length && space(head[first] == '\r' ? '\n' : head[first])) {
            first++;
        }
        if (first >= head.length || head[first] != '<' || first + 1 < head.length && head[first + 1] == 0) {
            throw new Refusal(ENCODING, 0, "text must be UTF-8, US-ASCII or ISO-8859-1 and begin with '<'");
        }
        c.position(start);
        String text = new String(head, start, head.length - start, StandardCharsets.ISO_8859_1);
        if (!text.startsWith("<?xml") || text.length() < 6 || !space(text.charAt(5) == '\r' ? '\n' : text.charAt(5))) {
            return;
        }
        java.util.regex.Matcher declaration = java.util.regex.Pattern.compile(
                        "<\\?xml\\s+version\\s*=\\s*(['\"])1\\.0\\1"
                                + "(?:\\s+encoding\\s*=\\s*(['\"])([A-Za-z][A-Za-z0-9._-]*)\\2)?"
                                + "(?:\\s+standalone\\s*=\\s*(['\"])(?:yes|no)\\4)?\\s*\\?>")
                .matcher(text);
        if (!declaration.lookingAt()) {
            throw malformed("the declaration must be that of XML 1.0");
        }
        String encoding = declaration.group(3);
        if (encoding != null) {
            switch (encoding.toUpperCase(Locale.ROOT)) {
                case "UTF-8", "UTF8" -> {}
                case "US-ASCII", "ASCII" -> ascii = true;
                case "ISO-8859-1", "ISO8859-1", "ISO_8859-1", "LATIN1" -> latin = true;
                default ->
                    throw new Refusal(
                            ENCODING,
                            start,
                            "encoding must be UTF-8, US-ASCII or ISO-8859-1, was " + Text.quote(encoding));
            }
            if (start > 0 && (ascii || latin)) {
                throw new Refusal(
                        ENCODING, 0, "a byte-order mark of UTF-8 must not stand before " + Text.quote(encoding));
            }
        }
        c.position(start + declaration.end());
    }

    private void markup(long at) throws IOException {
        int first = next();
        if (first == '-') {
            if (next() != '-') {
                throw malformed("a comment must begin with <!--");
            }
            int dashes = 0;
            while (true) {
                int character = next();
                if (dashes == 2) {
                    if (character != '>') {
                        throw malformed("a comment must not have -- in it");
                    }
                    return;
                }
                dashes = character == '-' ? dashes + 1 : 0;
            }
        }
        if (first == '[' && !open.isEmpty()) {
            for (char expected : "CDATA[".toCharArray()) {
                if (next() != expected) {
                    throw new Refusal(DTD, at, "a section must be CDATA");
                }
            }
            int brackets = 0;
            while (true) {
                int character = next();
                if (character == ']') {
                    if (brackets == 2) {
                        handler.text(']');
                    } else {
                        brackets++;
                    }
                } else if (character == '>' && brackets == 2) {
                    return;
                } else {
                    for (; brackets > 0; brackets--) {
                        handler.text(']');
                    }
                    handler.text(character);
                }
            }
        }
        throw new Refusal(DTD, at, "a document must have no document type and no entities, has a declaration");
    }

    private int entity() throws IOException {
        long at = c.position();
        StringBuilder name = new StringBuilder();
        int character;
        while ((character = next()) != ';') {
            if (name.length() > 16) {
                throw malformed("a reference must end with ';'");
            }
            name.appendCodePoint(character);
        }
        switch (name.toString()) {
            case "lt":
                return '<';
            case "gt":
                return '>';
            case "amp":
                return '&';
            case "quot":
                return '"';
            case "apos":
                return '\'';
            default:
        }
        int value = -1;
        String digits = name.toString();
        if (digits.matches("#[0-9]{1,8}")) {
            value = Integer.parseInt(digits.substring(1));
        } else if (digits.matches("#x[0-9a-fA-F]{1,6}")) {
            value = Integer.parseInt(digits.substring(2), 16);
        } else if (!digits.startsWith("#")) {
            throw new Refusal(DTD, at, "entities must be the predefined ones, was " + Text.quote(digits));
        }
        if (!valid(value)) {
            throw malformed("a character must be one of XML, was " + Text.quote(digits));
        }
        return value;
    }

    // --- tags ---

    private int inTag() throws IOException {
        if (c.position() - tagBytes > MOST_TAG) {
            throw new Refusal(FileRules.TOO_LARGE, tagBytes, "a tag must have <= " + MOST_TAG + " bytes, has more");
        }
        return next();
    }

    private String name(int first) throws IOException {
        StringBuilder name = new StringBuilder();
        int character = first;
        while (character >= 'a' && character <= 'z'
                || character >= 'A' && character <= 'Z'
                || character == '_'
                || character == ':'
                || character >= 0x80
                || name.length() > 0
                        && (character >= '0' && character <= '9' || character == '-' || character == '.')) {
            if (name.length() > MOST_NAME) {
                throw new Refusal(
                        FileRules.TOO_LARGE,
                        c.position(),
                        "a name must have <= " + MOST_NAME + " characters, has more");
            }
            name.appendCodePoint(character);
            character = inTag();
        }
        pushed = character;
        if (name.length() == 0) {
            throw malformed("a name must begin with a letter");
        }
        return name.toString();
    }

    private int skipSpace() throws IOException {
        int character;
        do {
            character = inTag();
        } while (space(character));
        return character;
    }

    private void start(long at) throws IOException {
        inspection.step();
        int most = inspection.limits().depth() * 10;
        if (open.size() >= most) {
            throw new Refusal(FileRules.TOO_DEEP, at, "elements must be nested <= " + most + " deep, are deeper");
        }
        tagBytes = at;
        String name = name(inTag());
        Map<String, String> attributes = new LinkedHashMap<>();
        boolean empty = false;
        int count = 0;
        while (true) {
            int separator = inTag();
            int character = space(separator) ? skipSpace() : separator;
            if (character == '>') {
                break;
            }
            if (character == '/') {
                if (inTag() != '>') {
                    throw malformed("a tag must end with >");
                }
                empty = true;
                break;
            }
            if (!space(separator)) {
                throw malformed("attributes must be apart");
            }
            if (++count > MOST_ATTRIBUTES) {
                throw new Refusal(
                        FileRules.TOO_MANY,
                        at,
                        "attributes of an element must be <= " + MOST_ATTRIBUTES + ", are more");
            }
            String attribute = name(character);
            if (skipSpace() != '=') {
                throw malformed("an attribute must have a value");
            }
            int quote = skipSpace();
            if (quote != '"' && quote != '\'') {
                throw malformed("a value must stand in quotes");
            }
            StringBuilder value = new StringBuilder();
            int v;
            while ((v = inTag()) != quote) {
                if (v == '<') {
                    throw malformed("a value must not have < in it");
                }
                value.appendCodePoint(v == '&' ? entity() : v == '\n' || v == '\t' ? ' ' : v);
            }
            if (attributes.put(attribute, value.toString()) != null) {
                throw malformed("attributes must be unique, was " + Text.quote(attribute));
            }
        }
        Map<String, String> declared = spaces.isEmpty() ? Map.of() : spaces.get(spaces.size() - 1);
        Map<String, String> own = declared;
        for (Map.Entry<String, String> a : attributes.entrySet()) {
            if (a.getKey().equals("xmlns") || a.getKey().startsWith("xmlns:")) {
                if (own == declared) {
                    own = new HashMap<>(declared);
                }
                if (a.getValue().length() > MOST_NAME) {
                    throw new Refusal(
                            FileRules.TOO_LARGE, at, "a namespace must have <= " + MOST_NAME + " characters, has more");
                }
                own.put(a.getKey().equals("xmlns") ? "" : a.getKey().substring(6), a.getValue());
            }
        }
        if (own.size() > MOST_ATTRIBUTES) {
            throw new Refusal(FileRules.TOO_MANY, at, "namespaces must be <= " + MOST_ATTRIBUTES + ", are more");
        }
        attributes.keySet().removeIf(a -> a.equals("xmlns") || a.startsWith("xmlns:"));
        int colon = name.indexOf(':');
        String prefix = colon < 0 ? "" : name.substring(0, colon);
        String uri = own.get(prefix);
        if (uri == null && colon >= 0) {
            throw malformed("a prefix must be declared, was " + Text.quote(prefix));
        }
        open.add(name);
        spaces.add(own);
        handler.start(uri == null ? "" : uri, name.substring(colon + 1), attributes, at);
        if (empty) {
            close(at);
        }
    }

    private void end(long at) throws IOException {
        tagBytes = at;
        String name = name(inTag());
        int character = inTag();
        if ((space(character) ? skipSpace() : character) != '>') {
            throw malformed("a tag must end with >");
        }
        if (open.isEmpty() || !open.get(open.size() - 1).equals(name)) {
            throw malformed("elements must end in order, " + Text.quote(name) + " does not");
        }
        close(at);
    }

    private void close(long at) throws IOException {
        open.remove(open.size() - 1);
        spaces.remove(spaces.size() - 1);
        handler.end(at);
    }
}
