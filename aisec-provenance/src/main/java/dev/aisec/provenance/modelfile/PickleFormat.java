// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.modelfile.PickleValue.Constant;
import java.io.IOException;
import java.util.List;

/**
 * Pickles of Python, protocols 0 to 5, one or several in a file. They are programs for a stack machine that can call
 * anything; they are interpreted here without executing anything. Accepted is what imports only names of a short list and
 * uses them as picklers do. Every pickle in the file is interpreted, and what stands before, between or behind them is
 * refused.
 *
 * <p>Protocols 0 and 1 have no signature: the claim is by attempt.
 */
record PickleFormat() implements ModelFormat {
    private static final int HEAD = 4096;
    private static final int ENOUGH = 8;
    private static final int TEXT_PREFIX = 64;
    /** Steps that finding out whether content is a pickle may take, beyond those for long values at its beginning. */
    private static final long MOST_LOOKING = 20_000;

    /** {@code torch.save} before version 1.6 begins with a pickle of this number. */
    private static final int[] TORCH_MAGIC = {
        0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'
    };

    @Override
    public String name() {
        return "pickle";
    }

    @Override
    public List<String> extensions() {
        return List.of("pkl", "pickle", "p", "pk", "bin", "pt", "pth", "ckpt", "joblib", "dat", "data");
    }

    @Override
    public List<Rule> rules() {
        return PickleRules.ALL;
    }

    /** Whether content is what {@code torch.save} wrote before version 1.6, in any protocol with a signature. */
    static boolean isTorch(Probe probe) {
        byte[] head = probe.head();
        boolean framed = probe.hasAt(2, 0x95);
        return head.length > 2
                && (head[0] & 0xff) == 0x80
                && head[1] >= 2
                && head[1] <= 5
                && probe.hasAt(framed ? 11 : 2, TORCH_MAGIC);
    }

    @Override
    public Claim recognizes(Probe probe) throws IOException {
        if (isTorch(probe) || probe.source().length() < 2) {
            return Claim.NONE;
        }
        if (header(probe.head(), 0)) {
            return Claim.CERTAIN;
        }
        long start = start(probe);
        // Content that reads as a pickle from the first byte runs in an unpickler, whatever other format it follows. In
        // a zip archive that byte asks for a persistent id, which ends it.
        return start == 0 && probe.zipNames().isEmpty() ? Claim.CERTAIN : start >= 0 ? Claim.POSSIBLE : Claim.NONE;
    }

    /** A protocol opcode with an opcode behind it. */
    private static boolean header(byte[] head, int at) {
        return head.length - at > 2
                && (head[at] & 0xff) == 0x80
                && head[at + 1] >= 0
                && head[at + 1] <= 5
                && opcode(head[at + 2] & 0xff);
    }

    private static boolean opcode(int b) {
        return b >= 0x80 && b <= 0x98 || "(.012FIJKLMNPQRSTUVXabcdeghijloqprstu]})BCG".indexOf(b) >= 0;
    }

    /** Where the first pickle begins; below 0 if there seems to be none. */
    private static long start(Probe probe) throws IOException {
        NestedPickles.Budget budget =
                new NestedPickles.Budget(MOST_LOOKING + probe.source().length() / 16);
        try {
            return start(probe, budget);
        } finally {
            probe.worked(budget.taken());
        }
    }

    private static long start(Probe probe, NestedPickles.Budget budget) throws IOException {
        byte[] head = probe.head();
        if (plausible(probe.source(), 0, budget)) {
            return 0;
        }
        if (probe.zipNames().isPresent()) {
            return -1;
        }
        for (int i = 1; i < head.length - 2; i++) {
            if (header(head, i) && head[i + 1] >= 2 && imports(probe.source(), i, budget)) {
                return i;
            }
            if (i <= TEXT_PREFIX && head[i] == 'c' && calls(probe.source(), i, budget)) {
                return i;
            }
        }
        return -1;
    }

    /** Whether bytes read as a pickle, as far as the first of them tell. */
    private static boolean plausible(ByteSource source, long at, NestedPickles.Budget budget) throws IOException {
        long rest = source.length() - at;
        byte[] head = source.read(at, (int) Math.min(3, rest));
        if (header(head, 0)) {
            return true;
        }
        if (head.length < 2 || !opcode(head[0] & 0xff)) {
            return false;
        }
        NestedPickles.Attempt attempt = attempt(source, at, HEAD, budget);
        if (attempt.cut() && rest > HEAD && attempt.machine().opcodes() <= ENOUGH) {
            // The first values are longer than what was looked at.
            try {
                attempt = attempt(source, at, rest, budget);
            } catch (Refusal e) {
                // It reads as a pickle for longer than it is looked at.
                return true;
            }
        }
        if (attempt.ended()) {
            long behind = attempt.machine().position();
            return behind == rest
                    || attempt.machine().opcodes() >= ENOUGH
                    || attempt.dangerous()
                    || (source.read(at + behind, 1)[0] & 0xff) == 0x80;
        }
        return rest > HEAD && attempt.machine().opcodes() > ENOUGH && attempt.cut()
                || attempt.use().isPresent()
                        && attempt.machine().opcodes() > 1
                        && attempt.machine().behindImport();
    }

    private static boolean imports(ByteSource source, long at, NestedPickles.Budget budget) throws IOException {
        NestedPickles.Attempt attempt = attempt(source, at, HEAD, budget);
        return attempt.ended() && attempt.machine().opcodes() >= 3
                || attempt.use().isPresent();
    }

    private static boolean calls(ByteSource source, long at, NestedPickles.Budget budget) throws IOException {
        return attempt(source, at, HEAD, budget)
                .use()
                .filter(u -> u.call != null)
                .isPresent();
    }

    private static NestedPickles.Attempt attempt(ByteSource source, long at, long most, NestedPickles.Budget budget)
            throws IOException {
        ByteSource window = source.window(at, Math.min(most, source.length() - at));
        return new NestedPickles(budget).attempt(window, new Silent());
    }

    private static boolean another(ByteSource source, long at, Inspection inspection) throws IOException {
        NestedPickles.Budget budget = new NestedPickles.Budget(MOST_LOOKING + (source.length() - at) / 16);
        try {
            return plausible(source, at, budget);
        } finally {
            inspection.steps(budget.taken());
        }
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        long start = start(new Probe("", source, inspection.limits()));
        if (start > 0) {
            inspection.report(
                    PickleRules.JUNK, 0, "a pickle must begin at the first byte, begins after " + start + " others");
        }
        Cursor cursor = new Cursor(source, Math.max(0, start));
        int streams = 0;
        do {
            PickleStreams.Result result = PickleStreams.one(cursor, inspection, new PickleStreams.Host(inspection));
            PickleStreams.tellArrays(result.arrays(), inspection);
            streams++;
        } while (cursor.remaining() > 0 && another(source, cursor.position(), inspection));
        if (streams > 1) {
            inspection.metadata("pickle.streams", Integer.toString(streams));
        }
        if (cursor.remaining() > 0) {
            inspection.report(
                    PickleRules.TRAILING,
                    cursor.position(),
                    "nothing but pickles must follow a pickle, " + cursor.remaining() + " bytes do");
        }
    }

    /** For looking ahead: attempts are bounded by what they look at. */
    private static final class Silent implements PickleHost {
        @Override
        public void step() {}

        @Override
        public void problem(Rule rule, long offset, String message) {}

        @Override
        public PickleValue persistent(PickleValue id, long offset) {
            return Constant.UNKNOWN;
        }

        @Override
        public Limits limits() {
            return Limits.standard();
        }
    }
}
