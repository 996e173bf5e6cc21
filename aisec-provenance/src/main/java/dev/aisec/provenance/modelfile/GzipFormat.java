// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A file compressed by gzip: inflated within the limits, and what comes out is recognised and read. One member only, and
 * nothing behind it: readers differ in what they make of more.
 *
 * <p>Source: RFC 1952.
 */
record GzipFormat() implements ModelFormat {
    static final Rule HEADER = Rule.reject("gzip.header", "The header of the compressed file is damaged.", "");
    static final Rule DATA =
            Rule.reject("gzip.data", "The compressed data is damaged, or its checksum or length is wrong.", "CWE-354");
    static final Rule TRAILING = Rule.reject(
            "gzip.trailing",
            "Something follows the compressed data: readers differ in what they make of it.",
            "CWE-436");

    private static final int PIECE = 1 << 16;

    @Override
    public String name() {
        return "gzip";
    }

    @Override
    public List<String> extensions() {
        return List.of("gz", "tgz", "gzip");
    }

    @Override
    public Claim recognizes(Probe probe) {
        return probe.startsWith(0x1f, 0x8b, 8) ? Claim.CERTAIN : Claim.NONE;
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        Cursor in = new Cursor(source, 3);
        int flags = in.u8();
        in.skip(6);
        if ((flags & 0xe0) != 0) {
            throw new Refusal(HEADER, 3, "flags must be known, were 0x" + Integer.toHexString(flags));
        }
        if ((flags & 4) != 0) {
            in.skip(in.u16le());
        }
        if ((flags & 8) != 0) {
            text(in, inspection);
        }
        if ((flags & 16) != 0) {
            text(in, inspection);
        }
        if ((flags & 2) != 0) {
            in.skip(2);
        }
        long data = in.position();
        // The length stands at the end, modulo 2^32, so it is counted in a first run: nothing is kept on its word.
        long[] end = {0};
        long length = inflate(source, data, inspection, (bytes, count) -> inspection.inflated(count), end);
        if (end[0] != source.length()) {
            throw new Refusal(
                    TRAILING,
                    end[0],
                    "nothing must follow the compressed data, " + (source.length() - end[0]) + " bytes do");
        }
        ByteSource content = inspection.spool().keep(length, sink -> inflate(source, data, inspection, sink, end));
        Entries.other("content", content, inspection);
    }

    private static void text(Cursor in, Inspection inspection) throws IOException {
        while (in.u8() != 0) {
            inspection.step();
        }
    }

    private static long inflate(ByteSource source, long from, Inspection inspection, Spool.Sink sink, long[] end)
            throws IOException {
        Inflater inflater = new Inflater(true);
        try {
            CRC32 crc = new CRC32();
            byte[] in = new byte[(int) Math.min(PIECE, Math.max(1, source.length()))];
            byte[] out = new byte[PIECE];
            long read = from;
            long written = 0;
            while (!inflater.finished()) {
                inspection.step();
                if (inflater.needsInput()) {
                    int count = (int) Math.min(in.length, source.length() - read);
                    if (count == 0) {
                        throw new Refusal(DATA, read, "compressed data must end before the file does");
                    }
                    source.read(read, in, 0, count);
                    inflater.setInput(in, 0, count);
                    read += count;
                }
                int count = inflater.inflate(out);
                if (inflater.needsDictionary()) {
                    throw new Refusal(DATA, from, "compressed data must need no dictionary");
                }
                crc.update(out, 0, count);
                sink.put(out, count);
                written += count;
            }
            Cursor trailer = new Cursor(source, from + inflater.getBytesRead());
            int checksum = trailer.i32le();
            int length = trailer.i32le();
            if (checksum != (int) crc.getValue() || length != (int) written) {
                throw new Refusal(
                        DATA,
                        from + inflater.getBytesRead(),
                        "checksum and length must be those of the data, are others");
            }
            end[0] = trailer.position();
            return written;
        } catch (DataFormatException e) {
            throw new Refusal(DATA, from, "compressed data must be well-formed: " + e.getMessage());
        } finally {
            inflater.end();
        }
    }

    @Override
    public List<Rule> rules() {
        return List.of(HEADER, DATA, TRAILING);
    }
}
