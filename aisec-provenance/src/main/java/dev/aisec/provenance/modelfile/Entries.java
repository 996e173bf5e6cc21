// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.MalformedInputException;
import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Entries of archives that no format of models claims: programs are refused, plain text and common images are let
 * through, of anything else nothing is known.
 */
final class Entries {
    static final Rule PROGRAM =
            Rule.reject("archive.program", "The archive carries a program or a library beside the model.", "CWE-506");
    static final Rule UNKNOWN = Rule.cannotInspect(
            "archive.unknown-entry", "An entry is of no format that is known here, so nothing is known about it.", "");
    static final Rule TEXT = Rule.note("archive.text", "The archive carries a text or an image beside the model.", "");

    static final List<Rule> RULES = List.of(PROGRAM, UNKNOWN, TEXT);

    /** Extensions that some system runs, or that a loader of some framework imports. */
    private static final Set<String> PROGRAMS = Set.of(
            "py",
            "pyc",
            "pyo",
            "pyd",
            "pyw",
            "sh",
            "bash",
            "zsh",
            "ksh",
            "csh",
            "fish",
            "bat",
            "cmd",
            "com",
            "exe",
            "dll",
            "so",
            "dylib",
            "ps1",
            "psm1",
            "vbs",
            "vbe",
            "js",
            "jse",
            "mjs",
            "cjs",
            "wsf",
            "wsh",
            "hta",
            "scr",
            "pif",
            "cpl",
            "msi",
            "msp",
            "lnk",
            "url",
            "desktop",
            "jar",
            "war",
            "ear",
            "class",
            "jsp",
            "php",
            "phtml",
            "asp",
            "aspx",
            "pl",
            "pm",
            "rb",
            "lua",
            "r",
            "jl",
            "groovy",
            "kts",
            "scala",
            "applescript",
            "command",
            "app",
            "apk",
            "dex",
            "elf",
            "o",
            "a",
            "ko",
            "sys",
            "drv",
            "ocx",
            "reg",
            "inf",
            "gadget",
            "service",
            "whl",
            "egg",
            "deb",
            "rpm",
            "run",
            "action",
            "workflow",
            "html",
            "htm",
            "xhtml",
            "svg",
            "swf",
            "jnlp");

    private static final Set<String> TEXTS = Set.of(
            "",
            "txt",
            "md",
            "rst",
            "json",
            "jsonl",
            "yaml",
            "yml",
            "csv",
            "tsv",
            "toml",
            "ini",
            "cfg",
            "conf",
            "properties",
            "log",
            "vocab",
            "model",
            "labels",
            "names",
            "license",
            "tag",
            "tags",
            "version",
            "pbtxt",
            "prototxt",
            "config",
            "merges",
            "index",
            "metadata",
            "info",
            "mf",
            "sha256",
            "md5",
            "bib",
            "cff",
            "template",
            "jinja");

    /** Texts that stand beside models in a folder and that nothing imports or runs. */
    private static final Set<String> DOCUMENTS =
            Set.of("", "md", "txt", "rst", "json", "jsonl", "license", "gitattributes", "gitignore", "sha256");

    /** At the beginning of a value; within a text an exclamation mark means nothing. */
    private static final Pattern TAG = Pattern.compile(
            "(?m)(?:^|[\\[{,:?-][ \\t]*|^[ \\t]+|[&][^ \\n]{1,64}[ \\t]+)!(?!!(?:str|int|float|bool|null|map|seq|binary|set|omap|pairs"
                    + "|timestamp)\\b)[!<A-Za-z0-9_%-]|^%TAG");

    private static final int PIECE = 8192;

    private Entries() {}

    /** Reads one entry: what is refused becomes a finding there, and reading goes on behind it. */
    static void guarded(Inspection inspection, Reader reader) throws IOException {
        try {
            reader.read(inspection);
        } catch (Refusal e) {
            inspection.report(e.rule(), e.offset(), String.valueOf(e.getMessage()));
        } catch (MalformedInputException e) {
            inspection.report(FileRules.MALFORMED, e.offset(), String.valueOf(e.getMessage()));
        }
    }

    /** Reads an entry. */
    interface Reader {
        void read(Inspection inspection) throws IOException;
    }

    /** Recognises an entry and reads it; judges it by itself where it is of no known format. */
    static boolean other(String name, ByteSource content, Inspection inspection) throws IOException {
        if (name.endsWith("/")) {
            return false;
        }
        String extension = extension(name);
        byte[] head = content.read(0, (int) Math.min(64, content.length()));
        if (program(head) || PROGRAMS.contains(extension)) {
            inspection
                    .entry(name)
                    .report(PROGRAM, 0, "an archive of a model must hold no program: " + Text.quote(name));
            return false;
        }
        if (content.length() == 0) {
            return false;
        }
        if (inspection.nested(name, content).isPresent()) {
            return true;
        }
        if ((extension.equals("yaml") || extension.equals("yml")) && objects(content, inspection)) {
            inspection.report(
                    PROGRAM, 0, "a YAML text must hold no tags, which some loaders call: " + Text.quote(name));
            return false;
        }
        if (image(head) || TEXTS.contains(extension) && text(content, inspection)) {
            inspection.report(TEXT, -1, "an entry is text or an image and was not judged: " + Text.quote(name));
        } else {
            inspection.report(UNKNOWN, -1, "an entry must be of a known format, is of none: " + Text.quote(name));
        }
        return false;
    }

    /** Whether a file that no format claims is a harmless text by its name and in every byte. */
    static boolean document(String name, ByteSource content, Inspection inspection) throws IOException {
        return DOCUMENTS.contains(extension(name))
                && !program(content.read(0, (int) Math.min(64, content.length())))
                && text(content, inspection);
    }

    private static String extension(String name) {
        String last = name.substring(name.lastIndexOf('/') + 1);
        int dot = last.lastIndexOf('.');
        // Systems that drop dots and blanks at the end run the program all the same.
        String bare = last.replaceAll("[. ]+$", "");
        dot = bare.equals(last) ? dot : bare.lastIndexOf('.');
        return dot < 0 ? "" : bare.substring(dot + 1).toLowerCase(Locale.ROOT);
    }

    /** Executables of the common systems, scripts with an interpreter, classes of Java, bytecode for Android. */
    private static boolean program(byte[] head) {
        return starts(head, 0x7f, 'E', 'L', 'F')
                || starts(head, 'M', 'Z')
                || starts(head, '#', '!')
                || starts(head, 0xfe, 0xed, 0xfa, 0xce)
                || starts(head, 0xfe, 0xed, 0xfa, 0xcf)
                || starts(head, 0xce, 0xfa, 0xed, 0xfe)
                || starts(head, 0xcf, 0xfa, 0xed, 0xfe)
                || starts(head, 0xca, 0xfe, 0xba, 0xbe)
                || starts(head, 'd', 'e', 'x', '\n')
                || starts(head, 0, 'a', 's', 'm')
                || starts(head, '!', '<', 'a', 'r', 'c', 'h', '>');
    }

    private static boolean image(byte[] head) {
        return starts(head, 0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a)
                || starts(head, 0xff, 0xd8, 0xff)
                || starts(head, 'G', 'I', 'F', '8');
    }

    static boolean starts(byte[] head, int... bytes) {
        if (head.length < bytes.length) {
            return false;
        }
        for (int i = 0; i < bytes.length; i++) {
            if ((head[i] & 0xff) != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    /** Whether a YAML text has a tag other than those of plain values: loaders of Python make and call what it names. */
    private static boolean objects(ByteSource content, Inspection inspection) throws IOException {
        if (content.length() > inspection.limits().headerBytes()) {
            return false;
        }
        String text = new String(content.read(0, (int) content.length()), StandardCharsets.ISO_8859_1);
        return TAG.matcher(text).find();
    }

    /** Whether all of it is printable UTF-8. */
    private static boolean text(ByteSource content, Inspection inspection) throws IOException {
        if (content.length() > inspection.limits().headerBytes()) {
            return false;
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.allocate(PIECE);
        CharBuffer out = CharBuffer.allocate(PIECE);
        long at = 0;
        while (true) {
            inspection.step();
            int count = (int) Math.min(in.remaining(), content.length() - at);
            content.read(at, in.array(), in.position(), count);
            in.position(in.position() + count);
            at += count;
            in.flip();
            boolean last = at == content.length();
            CoderResult result = decoder.decode(in, out, last);
            if (result.isError()) {
                return false;
            }
            out.flip();
            while (out.hasRemaining()) {
                char c = out.get();
                if (c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' || c == 0x7f) {
                    return false;
                }
            }
            out.clear();
            in.compact();
            if (last && in.position() == 0) {
                return true;
            }
        }
    }
}
