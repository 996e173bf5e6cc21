// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * PMML documents, versions 3.0 to 4.4.
 *
 * <p>Guarantee: nothing outside the document is read, since document types, entities, processing instructions and
 * inclusions are refused; functions are built in or defined in the document; coefficients, weights and other parameters
 * are scanned as numbers. Limits: the document is not validated against the schema; categorical values are not judged.
 *
 * <p>Reference: Data Mining Group, PMML 4.4.1.
 */
record PmmlFormat() implements ModelFormat {
    private static final int SEARCHED = 4096;

    @Override
    public String name() {
        return "pmml";
    }

    @Override
    public List<String> extensions() {
        return List.of("pmml");
    }

    @Override
    public Claim recognizes(Probe probe) {
        byte[] head = probe.head();
        if (!mayBegin(head)) {
            return Claim.NONE;
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(SEARCHED, head.length); i++) {
            // UTF-16 and UTF-32 have zeros between the letters.
            if (head[i] != 0) {
                text.append((char) (head[i] & 0xff));
            }
        }
        String start = text.toString()
                .replaceFirst("^(\u00ef\u00bb\u00bf|\u00fe\u00ff|\u00ff\u00fe)", "")
                .stripLeading();
        boolean named = probe.name().toLowerCase(Locale.ROOT).endsWith(".pmml");
        if (start.startsWith("<")) {
            if (start.contains("<PMML") || start.contains(":PMML")) {
                return Claim.CERTAIN;
            }
            return named || start.startsWith("<?xml") && start.contains("PMML") ? Claim.POSSIBLE : Claim.NONE;
        }
        boolean ebcdic = probe.startsWith(0x4c, 0x6f, 0xa7, 0x94, 0x93);
        boolean utf7 = start.startsWith("+ADw");
        return (ebcdic || utf7) && named ? Claim.POSSIBLE : Claim.NONE;
    }

    /** Whether the first byte that is no mark of an encoding, zero or space can begin XML in an encoding that is looked for. */
    private static boolean mayBegin(byte[] head) {
        for (byte b : head) {
            int value = b & 0xff;
            boolean mark = value >= 0xfe || value == 0xef || value == 0xbb || value == 0xbf;
            if (value > ' ' && !mark) {
                return value == '<' || value == '+' || value == 0x4c;
            }
        }
        return false;
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        PmmlReader content = new PmmlReader(inspection);
        XmlReader.read(source, inspection, content);
        content.finish();
    }

    @Override
    public List<Rule> rules() {
        return PmmlReader.RULES;
    }
}
