// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.MalformedInputException;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * safetensors files: eight bytes of header length, a JSON header, data. The header is strict JSON without a name twice; the
 * tensors cover the data exactly, without overlap, hole or rest; each has as many bytes as its type and shape say. Empty
 * tensors are legal.
 *
 * <p>Source: the format description of huggingface/safetensors 0.6; its attacks folder.
 */
record SafetensorsFormat() implements ModelFormat {
    static final Rule HEADER = Rule.reject(
            "safetensors.header",
            "The header is not what the format asks for: its length, its first byte, its padding, its JSON.",
            "safetensors format");
    static final Rule TENSOR = Rule.reject(
            "safetensors.tensor", "An entry of the header is no description of a tensor.", "safetensors format");
    static final Rule SIZE = Rule.reject(
            "safetensors.size",
            "The bytes of a tensor do not fit its type and shape, or their product overflows.",
            "CWE-190");
    static final Rule LAYOUT = Rule.reject(
            "safetensors.layout",
            "Tensors overlap, leave holes, lie outside the file or do not reach its end: room for other content.",
            "safetensors format; CWE-436");
    static final Rule DATA_TYPE = Rule.cannotInspect(
            "safetensors.data-type", "A tensor has a data type that is not known here.", "safetensors format");
    static final Rule NAME = Rule.warn("safetensors.name", "The name of a tensor holds control characters.", "CWE-117");
    static final Rule MEMBER = Rule.warn(
            "safetensors.member",
            "The description of a tensor has a member that no reader knows.",
            "safetensors format");

    private static final int LENGTH = 8;
    private static final int MOST_AXES = 255;

    private record Entry(String name, long begin, long end) {}

    @Override
    public String name() {
        return "safetensors";
    }

    @Override
    public List<String> extensions() {
        return List.of("safetensors");
    }

    @Override
    public List<Rule> rules() {
        return List.of(HEADER, TENSOR, SIZE, LAYOUT, DATA_TYPE, NAME, MEMBER);
    }

    @Override
    public Claim recognizes(Probe probe) {
        byte[] head = probe.head();
        if (head.length > LENGTH + 1 && head[LENGTH] == '{' && "\"} \t\r\n".indexOf(head[LENGTH + 1]) >= 0) {
            // Above 2^40 it may as well be text with a brace at this place.
            return head[5] == 0 && head[6] == 0 && head[7] == 0 ? Claim.CERTAIN : Claim.POSSIBLE;
        }
        return probe.name().toLowerCase(Locale.ROOT).endsWith(".safetensors") ? Claim.POSSIBLE : Claim.NONE;
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        if (source.length() < LENGTH) {
            throw inspection.refuse(HEADER, 0, "a file must have >= 8 bytes, has " + source.length());
        }
        long length = new Cursor(source).i64le();
        if (length < 0 || length > source.length() - LENGTH) {
            throw inspection.refuse(
                    HEADER,
                    0,
                    "header length must be <= " + (source.length() - LENGTH) + ", was "
                            + Long.toUnsignedString(length));
        }
        if (length > inspection.limits().headerBytes()) {
            throw inspection.refuse(
                    FileRules.TOO_LARGE,
                    0,
                    "header length must be <= " + inspection.limits().headerBytes() + ", was " + length);
        }
        byte[] header = source.read(LENGTH, (int) length);
        lexical(header, inspection);
        JsonLimits limits = new JsonLimits(
                inspection.limits().headerBytes(),
                8,
                4_000_000,
                inspection.limits().headerBytes());
        JsonValue json;
        try {
            json = JsonParser.parse(header, limits);
        } catch (MalformedInputException e) {
            throw inspection.refuse(HEADER, LENGTH + e.offset(), String.valueOf(e.getMessage()));
        }
        if (!(json instanceof JsonValue.JsonObject object)) {
            throw inspection.refuse(HEADER, LENGTH, "the header must be a JSON object");
        }
        long begin = LENGTH + length;
        layout(object.members(), source.window(begin, source.length() - begin), begin, inspection);
    }

    /** What a general JSON reader lets pass: white space around, numbers that are no plain counts. */
    private static void lexical(byte[] header, Inspection inspection) throws IOException {
        int end = header.length;
        while (end > 0 && header[end - 1] == ' ') {
            end--;
        }
        if (end < 2 || header[0] != '{' || header[end - 1] != '}') {
            throw inspection.refuse(
                    HEADER, LENGTH, "the header must begin with { and end with }, padded by spaces only");
        }
        boolean text = false;
        for (int i = 0; i < end; i++) {
            byte b = header[i];
            if (text) {
                if (b == '\\') {
                    i++;
                } else if (b == '"') {
                    text = false;
                }
            } else if (b == '"') {
                text = true;
            } else if (b == '.' || b == '-' || b == 'e' || b == 'E' || b == '+') {
                throw inspection.refuse(
                        HEADER, LENGTH + i, "numbers of the header must be plain counts, one has '" + (char) b + "'");
            }
        }
    }

    private static void layout(Map<String, JsonValue> members, ByteSource data, long base, Inspection inspection)
            throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (Map.Entry<String, JsonValue> member : members.entrySet()) {
            inspection.step();
            if (member.getKey().equals("__metadata__")) {
                metadata(member.getValue(), inspection);
            } else {
                entries.add(tensor(member.getKey(), member.getValue(), data, inspection));
            }
        }
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long at = 0;
        for (Entry entry : entries) {
            if (entry.begin() != at) {
                throw inspection.refuse(
                        LAYOUT,
                        base + Math.min(at, entry.begin()),
                        Text.quote(entry.name()) + " must begin at " + at + ", where the one before ends, begins at "
                                + entry.begin());
            }
            at = entry.end();
        }
        if (at != data.length()) {
            throw inspection.refuse(
                    LAYOUT, base + at, "tensors must cover all " + data.length() + " bytes, cover " + at);
        }
    }

    private static void metadata(JsonValue value, Inspection inspection) throws IOException {
        if (!(value instanceof JsonValue.JsonObject object)) {
            throw inspection.refuse(HEADER, LENGTH, "__metadata__ must be an object");
        }
        for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
            if (!(member.getValue() instanceof JsonValue.JsonString text)) {
                throw inspection.refuse(
                        HEADER, LENGTH, "__metadata__ must hold strings, " + Text.quote(member.getKey()) + " is none");
            }
            inspection.metadata("safetensors." + shorten(member.getKey()), text.value());
        }
    }

    private static String shorten(String key) {
        return key.length() > 60 ? key.substring(0, 60) : key;
    }

    private static Entry tensor(String name, JsonValue value, ByteSource data, Inspection inspection)
            throws IOException {
        if (!(value instanceof JsonValue.JsonObject object)) {
            throw inspection.refuse(TENSOR, LENGTH, Text.quote(name) + " must be described by an object");
        }
        Map<String, JsonValue> members = object.members();
        for (String key : members.keySet()) {
            if (!key.equals("dtype") && !key.equals("shape") && !key.equals("data_offsets")) {
                inspection.report(MEMBER, LENGTH, Text.quote(name) + " has a member " + Text.quote(key));
            }
        }
        if (name.chars().anyMatch(c -> Character.isISOControl(c))) {
            inspection.report(NAME, LENGTH, "a name must have no control characters, was " + Text.quote(name));
        }
        if (!(members.get("dtype") instanceof JsonValue.JsonString type)) {
            throw inspection.refuse(TENSOR, LENGTH, "dtype of " + Text.quote(name) + " must be a string");
        }
        List<Long> shape = counts(name, "shape", members.get("shape"), inspection);
        List<Long> offsets = counts(name, "data_offsets", members.get("data_offsets"), inspection);
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1) || offsets.get(1) > data.length()) {
            throw inspection.refuse(
                    LAYOUT,
                    LENGTH,
                    "data_offsets of " + Text.quote(name) + " must be [begin, end] with begin <= end <= "
                            + data.length() + ", were " + offsets.subList(0, Math.min(4, offsets.size())));
        }
        long begin = offsets.get(0);
        long end = offsets.get(1);
        int bits = bits(type.value());
        if (bits == 0) {
            inspection.report(
                    DATA_TYPE, LENGTH, "dtype of " + Text.quote(name) + " is not known: " + Text.quote(type.value()));
            return new Entry(name, begin, end);
        }
        long elements = elements(name, shape, inspection);
        if (elements * bits % 8 != 0 || elements * bits / 8 != end - begin) {
            throw inspection.refuse(
                    SIZE,
                    LENGTH,
                    Text.quote(name) + " must have " + elements + " elements of " + bits + " bits, has " + (end - begin)
                            + " bytes");
        }
        Tensor tensor = new Tensor(name, element(type.value()), ByteOrder.LITTLE_ENDIAN, shape, Tensor.Role.PARAMETER);
        inspection.tensor(tensor);
        if (tensor.type() != ElementType.OPAQUE && end > begin) {
            inspection.data(tensor, data.window(begin, end - begin));
        }
        return new Entry(name, begin, end);
    }

    private static long elements(String name, List<Long> shape, Inspection inspection) throws IOException {
        long product = 1;
        boolean zero = false;
        for (long size : shape) {
            zero |= size == 0;
            if (size != 0 && product > (Long.MAX_VALUE >> 8) / size) {
                throw inspection.refuse(
                        SIZE, LENGTH, "the product of the shape of " + Text.quote(name) + " must fit 55 bits");
            }
            product *= Math.max(1, size);
        }
        return zero ? 0 : product;
    }

    private static List<Long> counts(String name, String key, @Nullable JsonValue value, Inspection inspection)
            throws IOException {
        if (!(value instanceof JsonValue.JsonArray array) || array.items().size() > MOST_AXES) {
            throw inspection.refuse(
                    TENSOR, LENGTH, key + " of " + Text.quote(name) + " must be a list of <= " + MOST_AXES + " counts");
        }
        List<Long> counts = new ArrayList<>();
        for (JsonValue item : array.items()) {
            if (!(item instanceof JsonValue.JsonNumber number) || number.value() >= 0x1p53) {
                throw inspection.refuse(SIZE, LENGTH, key + " of " + Text.quote(name) + " must hold counts below 2^53");
            }
            counts.add((long) number.value());
        }
        return counts;
    }

    /** Bits of an element; 0 for a type that is not known. */
    private static int bits(String type) {
        return switch (type) {
            case "F4" -> 4;
            case "F6_E2M3", "F6_E3M2" -> 6;
            case "BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ" -> 8;
            case "U16", "I16", "F16", "BF16" -> 16;
            case "U32", "I32", "F32" -> 32;
            case "U64", "I64", "F64", "C64" -> 64;
            case "C128" -> 128;
            default -> 0;
        };
    }

    private static ElementType element(String type) {
        return switch (type) {
            case "BOOL" -> ElementType.BOOL;
            case "U8" -> ElementType.U8;
            case "I8" -> ElementType.I8;
            case "F8_E4M3" -> ElementType.F8_E4M3;
            case "F8_E5M2" -> ElementType.F8_E5M2;
            case "F8_E4M3FNUZ" -> ElementType.F8_E4M3FNUZ;
            case "F8_E5M2FNUZ" -> ElementType.F8_E5M2FNUZ;
            case "U16" -> ElementType.U16;
            case "I16" -> ElementType.I16;
            case "F16" -> ElementType.F16;
            case "BF16" -> ElementType.BF16;
            case "U32" -> ElementType.U32;
            case "I32" -> ElementType.I32;
            case "F32" -> ElementType.F32;
            case "U64" -> ElementType.U64;
            case "I64" -> ElementType.I64;
            case "F64" -> ElementType.F64;
            case "C64" -> ElementType.COMPLEX64;
            case "C128" -> ElementType.COMPLEX128;
            default -> ElementType.OPAQUE;
        };
    }
}
