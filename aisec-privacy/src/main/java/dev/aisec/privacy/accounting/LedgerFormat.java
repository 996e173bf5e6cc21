// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.aisec.core.MalformedInputException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of a ledger. All numbers are big-endian.
 *
 * <pre>
 * header  magic(8) version(4) id(16) currency(1) relation(1) three doubles(24) hash(32)
 * record  length(4) body(length) hash(32)      hash = SHA-256(hash before, length, body)
 * body    1 index(8) millis(8) privacy(32) delta(32) n(2) purpose(n) n(2) loss(n)    reservation
 *         2 index(8) millis(8) index of reservation(8)                               its token was used
 * anchor  magic(8) id(16) records(8) offset(8) hash(32) SHA-256 of the former(32)
 * </pre>
 */
final class LedgerFormat {
    static final int HASH = 32;
    static final int HEADER = 86;
    static final int ANCHOR = 104;
    static final byte RESERVE = 1;
    static final byte USED = 2;
    static final int MIN_BODY = 25;
    static final int MAX_BODY = 2048;
    static final int MAX_RECORD = 4 + MAX_BODY + HASH;
    private static final int MAX_LOSS = 300;
    private static final long MAGIC = 0x4149534543_44504cL; // "AISECDPL"
    private static final long ANCHOR_MAGIC = 0x4149534543_445041L; // "AISECDPA"
    private static final int VERSION = 1;

    private LedgerFormat() {}

    /** What heads a ledger. */
    record Header(byte[] id, Budget budget, byte[] hash) {
        String name() {
            return HexFormat.of().formatHex(id, 0, 8);
        }
    }

    /** The state that was last acknowledged. */
    record Anchor(byte[] id, long records, long offset, byte[] hash) {}

    /** A record as it was read. */
    record Entry(
            byte type,
            long index,
            long millis,
            Cost cost,
            String purpose,
            String loss,
            long reservation,
            byte[] hash) {}

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 must be there on every Java platform", e);
        }
    }

    static ByteBuffer header(byte[] id, Budget budget) {
        ByteBuffer out = ByteBuffer.allocate(HEADER);
        out.putLong(MAGIC).putInt(VERSION).put(id);
        if (budget instanceof Budget.Pure pure) {
            out.put((byte) 0).put((byte) budget.neighbouring().ordinal());
            out.putDouble(pure.epsilon()).putDouble(0).putDouble(0);
        } else if (budget instanceof Budget.Approximate approximate) {
            out.put((byte) 1).put((byte) budget.neighbouring().ordinal());
            out.putDouble(approximate.epsilon()).putDouble(approximate.delta());
            out.putDouble(approximate.deltaPerRelease());
        } else if (budget instanceof Budget.ZeroConcentrated concentrated) {
            out.put((byte) 2).put((byte) budget.neighbouring().ordinal());
            out.putDouble(concentrated.rho()).putDouble(concentrated.delta()).putDouble(0);
        }
        out.put(sha256().digest(Arrays.copyOf(out.array(), HEADER - HASH)));
        return out.flip();
    }

    static Header header(ByteBuffer in) {
        if (in.remaining() < HEADER) {
            throw new MalformedInputException(0, "header must be " + HEADER + " bytes, was " + in.remaining());
        }
        byte[] bytes = new byte[HEADER];
        in.get(bytes);
        byte[] hash = Arrays.copyOfRange(bytes, HEADER - HASH, HEADER);
        if (!MessageDigest.isEqual(hash, sha256().digest(Arrays.copyOf(bytes, HEADER - HASH)))) {
            throw new MalformedInputException(0, "header must have its hash, had another");
        }
        ByteBuffer fields = ByteBuffer.wrap(bytes);
        if (fields.getLong() != MAGIC || fields.getInt() != VERSION) {
            throw new MalformedInputException(0, "header must be of a ledger of version " + VERSION + ", was not");
        }
        byte[] id = new byte[16];
        fields.get(id);
        int currency = fields.get();
        int relation = fields.get();
        Neighbouring[] relations = Neighbouring.values();
        if (relation < 0 || relation >= relations.length) {
            throw new MalformedInputException(29, "relation must be known, was " + relation);
        }
        double first = fields.getDouble();
        double second = fields.getDouble();
        double third = fields.getDouble();
        Budget budget = switch (currency) {
            case 0 -> Budget.pure(first, relations[relation]);
            case 1 -> Budget.approximate(first, second, third, relations[relation]);
            case 2 -> Budget.zeroConcentrated(first, second, relations[relation]);
            default -> throw new MalformedInputException(28, "currency must be known, was " + currency);
        };
        return new Header(id, budget, hash);
    }

    static ByteBuffer anchor(Anchor anchor) {
        ByteBuffer out = ByteBuffer.allocate(ANCHOR);
        out.putLong(ANCHOR_MAGIC).put(anchor.id()).putLong(anchor.records()).putLong(anchor.offset());
        out.put(anchor.hash());
        out.put(sha256().digest(Arrays.copyOf(out.array(), ANCHOR - HASH)));
        return out.flip();
    }

    static Anchor anchor(ByteBuffer in) {
        byte[] bytes = new byte[in.remaining()];
        in.get(bytes);
        if (bytes.length != ANCHOR
                || !MessageDigest.isEqual(
                        Arrays.copyOfRange(bytes, ANCHOR - HASH, ANCHOR),
                        sha256().digest(Arrays.copyOf(bytes, ANCHOR - HASH)))) {
            throw new MalformedInputException(0, "anchor must have its hash, had not");
        }
        ByteBuffer fields = ByteBuffer.wrap(bytes);
        if (fields.getLong() != ANCHOR_MAGIC) {
            throw new MalformedInputException(0, "anchor must begin as one, did not");
        }
        byte[] id = new byte[16];
        fields.get(id);
        long records = fields.getLong();
        long offset = fields.getLong();
        byte[] hash = new byte[HASH];
        fields.get(hash);
        return new Anchor(id, records, offset, hash);
    }

    /** Appends a reservation and returns its hash. */
    static byte[] reserve(
            ByteBuffer out, MessageDigest digest, byte[] previous, long index, long millis, Request.Reserve request) {
        int start = out.position();
        out.putInt(0).put(RESERVE).putLong(index).putLong(millis);
        put(out, request.cost.privacy());
        put(out, request.cost.delta());
        put(out, request.purpose);
        put(out, text(request.loss));
        return seal(out, start, digest, previous);
    }

    /** Appends that a token was used and returns the hash. */
    static byte[] used(
            ByteBuffer out, MessageDigest digest, byte[] previous, long index, long millis, long reservation) {
        int start = out.position();
        out.putInt(0).put(USED).putLong(index).putLong(millis).putLong(reservation);
        return seal(out, start, digest, previous);
    }

    /**
     * Reads the record at the buffer's position.
     *
     * @return null, with the position where it was, if the record goes on beyond the buffer's end
     */
    static @Nullable Entry record(ByteBuffer in, MessageDigest digest, byte[] previous, long index, long offset) {
        int start = in.position();
        if (in.remaining() < 4) {
            return null;
        }
        int length = in.getInt(start);
        if (length < MIN_BODY || length > MAX_BODY) {
            throw new MalformedInputException(
                    offset, "length must be in [" + MIN_BODY + ", " + MAX_BODY + "], was " + length);
        }
        if (in.remaining() < 4 + length + HASH) {
            return null;
        }
        digest.update(previous);
        digest.update(in.slice(start, 4 + length));
        byte[] hash = digest.digest();
        byte[] written = new byte[HASH];
        in.get(start + 4 + length, written);
        if (!MessageDigest.isEqual(hash, written)) {
            throw new MalformedInputException(offset, "record " + index + " must have the hash of the chain, had not");
        }
        in.position(start + 4);
        byte type = in.get();
        long read = in.getLong();
        long millis = in.getLong();
        if (read != index) {
            throw new MalformedInputException(offset, "index must be " + index + ", was " + read);
        }
        Entry entry;
        if (type == RESERVE && length >= 21 + 2 * HASH) {
            Cost cost = new Cost(number(in), number(in));
            int end = start + 4 + length;
            entry = new Entry(type, index, millis, cost, text(in, end, offset), text(in, end, offset), index, hash);
        } else if (type == USED && length == MIN_BODY) {
            entry = new Entry(type, index, millis, Cost.NONE, "", "", in.getLong(), hash);
        } else {
            throw new MalformedInputException(offset, "type must be known, was " + type);
        }
        in.position(start + 4 + length + HASH);
        return entry;
    }

    /** Checks that an incomplete record begins as the next one would, as far as it goes. */
    static void requireBeginning(ByteBuffer in, long index, long offset) {
        int start = in.position();
        boolean next = in.remaining() < 13
                || (in.get(start + 4) == RESERVE || in.get(start + 4) == USED) && in.getLong(start + 5) == index;
        if (!next) {
            throw new MalformedInputException(offset, "record " + index + " must begin as one, did not");
        }
    }

    private static byte[] seal(ByteBuffer out, int start, MessageDigest digest, byte[] previous) {
        int end = out.position();
        out.putInt(start, end - start - 4);
        digest.update(previous);
        digest.update(out.slice(start, end - start));
        byte[] hash = digest.digest();
        out.put(hash);
        return hash;
    }

    private static void put(ByteBuffer out, BigInteger units) {
        byte[] bytes = units.toByteArray();
        for (int i = bytes.length; i < 32; i++) {
            out.put((byte) 0);
        }
        out.put(bytes);
    }

    private static BigInteger number(ByteBuffer in) {
        byte[] bytes = new byte[32];
        in.get(bytes);
        return new BigInteger(1, bytes);
    }

    private static void put(ByteBuffer out, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        out.putShort((short) bytes.length).put(bytes);
    }

    private static String text(ByteBuffer in, int end, long offset) {
        int length = in.getShort() & 0xffff;
        if (length > end - in.position()) {
            throw new MalformedInputException(offset, "text must end within its record, had " + length + " bytes");
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, UTF_8);
    }

    private static String text(PrivacyLoss loss) {
        String text = loss.toString();
        return text.length() <= MAX_LOSS ? text : text.substring(0, MAX_LOSS - 1) + "…";
    }
}
