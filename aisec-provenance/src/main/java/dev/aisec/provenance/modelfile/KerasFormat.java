// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.MalformedInputException;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Keras 3 archives ({@code .keras}): a zip with {@code metadata.json}, {@code config.json}, weights as HDF5 and assets of
 * layers.
 *
 * <p>Guarantee: each entry is read by the reader of its kind; an entry that Keras does not write is refused; assets are
 * plain text or of a format that is inspected. Limits: an asset of another kind, such as a model of a tokenizer, cannot be
 * inspected.
 *
 * <p>Reference: Keras 3, {@code saving_lib.py}; CVE-2025-1550.
 */
record KerasFormat() implements ModelFormat {
    static final Rule ENTRY = Rule.reject(
            "keras.entry", "The archive has an entry that Keras does not write, or lacks one that it does.", "CWE-434");
    static final Rule WEIGHTS =
            Rule.reject("keras.weights", "The weights are not in the format that their name says.", "");
    static final Rule ASSET = Rule.cannotInspect(
            "keras.asset", "An asset of a layer is neither text nor of a format that is read here.", "");

    private static final String WEIGHT_FILES = "(model\\.weights|variables)(_[0-9]{1,6})?\\.h5";

    @Override
    public String name() {
        return "keras";
    }

    @Override
    public List<String> extensions() {
        return List.of("keras");
    }

    @Override
    public Claim recognizes(Probe probe) {
        Optional<List<String>> names = probe.zipNames();
        if (names.isEmpty() || !names.get().contains("config.json")) {
            return Claim.NONE;
        }
        boolean own =
                names.get().contains("metadata.json") || names.get().stream().anyMatch(n -> n.matches(WEIGHT_FILES));
        return own ? Claim.CERTAIN : Claim.NONE;
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        ZipReader zip = ZipReader.open(source, inspection);
        boolean config = false;
        for (ZipReader.Member member : zip.members()) {
            inspection.step();
            String name = member.name();
            if (!member.readable()) {
                continue;
            }
            if (member.directory()) {
                if (member.size() != 0) {
                    inspection.report(ENTRY, member.header(), "a folder must have no bytes: " + Text.quote(name));
                }
                continue;
            }
            ByteSource content = zip.content(member);
            if (name.equals("config.json")) {
                config = true;
                text(inspection, name, content, (bytes, inner) -> KerasConfig.read(bytes, true, inner));
            } else if (name.equals("metadata.json")) {
                text(inspection, name, content, KerasFormat::metadata);
            } else if (name.equals("model.weights.json")) {
                text(inspection, name, content, (bytes, inner) -> json(bytes, inner));
            } else if (name.matches(WEIGHT_FILES)) {
                Optional<String> format = inspection.nested(name, content);
                if (!format.equals(Optional.of("keras-h5"))) {
                    inspection.report(
                            WEIGHTS,
                            member.header(),
                            "weights must be HDF5, are " + format.orElse("of no known format"));
                }
            } else if (name.startsWith("assets/")) {
                asset(inspection, name, content, member.header());
            } else {
                inspection.report(
                        ENTRY, member.header(), "entries must be those that Keras writes, was " + Text.quote(name));
                inspection.nested(name, content);
            }
        }
        if (!config) {
            inspection.report(ENTRY, -1, "a Keras archive must have a readable config.json");
        }
    }

    private interface Reader {
        void read(byte[] bytes, Inspection inspection) throws IOException;
    }

    private static void text(Inspection inspection, String name, ByteSource content, Reader reader) throws IOException {
        int most = inspection.limits().headerBytes();
        if (content.length() > most) {
            throw inspection.refuse(
                    FileRules.TOO_LARGE, -1, name + " must have <= " + most + " bytes, has " + content.length());
        }
        byte[] bytes = content.read(0, (int) content.length());
        Inspection inner = inspection.entry(name);
        try {
            reader.read(bytes, inner);
        } catch (Refusal e) {
            inner.report(e.rule(), e.offset(), String.valueOf(e.getMessage()));
        } catch (MalformedInputException e) {
            inner.report(FileRules.MALFORMED, e.offset(), String.valueOf(e.getMessage()));
        }
    }

    private static JsonValue json(byte[] bytes, Inspection inspection) {
        Limits limits = inspection.limits();
        return JsonParser.parse(
                bytes, new JsonLimits(limits.headerBytes(), limits.depth(), limits.items(), limits.headerBytes()));
    }

    private static void metadata(byte[] bytes, Inspection inspection) throws IOException {
        if (!(json(bytes, inspection) instanceof JsonObject object)) {
            throw inspection.refuse(KerasConfig.MALFORMED, 0, "metadata must be a JSON object");
        }
        if (object.members().get("keras_version") instanceof JsonString version) {
            inspection.metadata("keras.version", version.value());
        }
    }

    private static void asset(Inspection inspection, String name, ByteSource content, long offset) throws IOException {
        Optional<String> format = inspection.nested(name, content);
        if (format.isPresent() || content.length() == 0) {
            return;
        }
        // A line of a vocabulary may be cut between pieces: up to three bytes are kept for the next.
        byte[] rest = {};
        for (long at = 0; at < content.length(); ) {
            inspection.step();
            byte[] piece = content.read(at, (int) Math.min(8192, content.length() - at));
            at += piece.length;
            byte[] joined = java.util.Arrays.copyOf(rest, rest.length + piece.length);
            System.arraycopy(piece, 0, joined, rest.length, piece.length);
            int end = at == content.length() ? joined.length : whole(joined);
            if (!plain(joined, end)) {
                inspection.report(ASSET, offset, "an asset must be text, " + Text.quote(name) + " is not");
                return;
            }
            rest = java.util.Arrays.copyOfRange(joined, end, joined.length);
        }
    }

    /** Where the last character that may be incomplete begins. */
    private static int whole(byte[] bytes) {
        int end = bytes.length;
        while (end > 0 && bytes.length - end < 3 && (bytes[end - 1] & 0xc0) == 0x80) {
            end--;
        }
        return end > 0 && (bytes[end - 1] & 0xc0) == 0xc0 ? end - 1 : bytes.length;
    }

    private static boolean plain(byte[] bytes, int end) {
        for (int i = 0; i < end; i++) {
            if (bytes[i] == 0) {
                return false;
            }
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, end));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    @Override
    public List<Rule> rules() {
        List<Rule> rules = new java.util.ArrayList<>(List.of(ENTRY, WEIGHTS, ASSET));
        rules.addAll(KerasConfig.RULES);
        rules.addAll(Hdf5.RULES);
        return List.copyOf(rules);
    }
}
