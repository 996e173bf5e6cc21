// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.List;

/** Archives that are recognised and not read: 7z, RAR, bzip2, xz, Zstandard, LZ4, lzip, LZMA, CAB. */
record OpaqueArchiveFormat() implements ModelFormat {
    static final Rule OPAQUE = Rule.cannotInspect(
            "archive.opaque",
            "The content is compressed in a way that is not read here, so nothing is known about it.",
            "");

    @Override
    public String name() {
        return "archive";
    }

    @Override
    public List<String> extensions() {
        return List.of("7z", "rar", "bz2", "tbz2", "xz", "txz", "zst", "lz4", "lz", "lzma", "cab");
    }

    @Override
    public Claim recognizes(Probe probe) {
        return kind(probe).isEmpty() ? Claim.NONE : Claim.CERTAIN;
    }

    private static String kind(Probe probe) {
        if (probe.startsWith('7', 'z', 0xbc, 0xaf, 0x27, 0x1c)) {
            return "7z";
        } else if (probe.startsWith('R', 'a', 'r', '!', 0x1a, 0x07)) {
            return "RAR";
        } else if (probe.startsWith('B', 'Z', 'h') && probe.hasAt(4, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59)) {
            return "bzip2";
        } else if (probe.startsWith(0xfd, '7', 'z', 'X', 'Z', 0)) {
            return "xz";
        } else if (probe.startsWith(0x28, 0xb5, 0x2f, 0xfd)) {
            return "Zstandard";
        } else if (probe.startsWith(0x04, 0x22, 0x4d, 0x18)) {
            return "LZ4";
        } else if (probe.startsWith('L', 'Z', 'I', 'P', 1)) {
            return "lzip";
        } else if (probe.startsWith(0x5d, 0, 0) && probe.hasAt(12, 0)) {
            return "LZMA";
        } else if (probe.startsWith('M', 'S', 'C', 'F', 0, 0, 0, 0)) {
            return "CAB";
        }
        return "";
    }

    @Override
    public void read(ByteSource source, Inspection inspection) {
        inspection.report(OPAQUE, 0, "content must be in a format that can be read, is compressed otherwise");
    }

    @Override
    public List<Rule> rules() {
        return List.of(OPAQUE);
    }
}
