// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Finding;
import dev.aisec.core.MalformedInputException;
import dev.aisec.core.Technique;
import dev.aisec.core.Verdict;
import dev.aisec.core.Verification;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Verification of Deeplearning4j model files (the zip of {@code ModelSerializer}) before anything is loaded.
 *
 * <p>Guarantee: an accepted file is a well-formed zip in which every reader sees the same entries; it has {@code
 * configuration.json} and {@code coefficients.bin}, perhaps {@code updaterState.bin}, and nothing else (no {@code
 * preprocessor.bin}, on which Deeplearning4j runs Java deserialization); its configuration is strict JSON that names only
 * classes of Deeplearning4j's own configuration packages; its arrays are complete and all their values finite. Any bytes
 * give an answer: memory is bounded by the limits, and nothing of the file is executed.
 *
 * <p>It does not tell whether the model is a good one: backdoors and poisoned weights are well-formed.
 *
 * <p>Clause 7.3.4-2.
 *
 * @param normalizer whether {@code normalizer.bin} is let through, of ND4J's own types only
 * @param limits what a file may hold at most
 */
public record Dl4jModelFile(boolean normalizer, ModelFileLimits limits) {
    private static final String CONFIGURATION = "configuration.json";
    private static final String COEFFICIENTS = "coefficients.bin";
    private static final String UPDATER = "updaterState.bin";
    private static final String NORMALIZER = "normalizer.bin";

    /** Packages that hold nothing but configuration and numeric functions. */
    private static final Pattern CLASSES =
            Pattern.compile("org\\.deeplearning4j\\.nn\\.(conf|weights)(\\.[A-Za-z0-9_$]+)+"
                    + "|org\\.nd4j\\.linalg\\.(activations\\.impl|learning\\.(config|regularization)|lossfunctions\\.impl|schedule)"
                    + "\\.[A-Za-z0-9_$]+");

    /** Layers that run graphs or lambdas of the model's author. */
    private static final Pattern CODE =
            Pattern.compile("org\\.deeplearning4j\\.nn\\.conf\\..*(samediff|SameDiff|Lambda).*");

    private static final Set<String> NORMALIZERS = Set.of(
            "STANDARDIZE",
            "MIN_MAX",
            "IMAGE_MIN_MAX",
            "IMAGE_VGG16",
            "MULTI_STANDARDIZE",
            "MULTI_MIN_MAX",
            "MULTI_HYBRID");

    /**
     * No normalizer, standard limits.
     *
     * @return the check
     */
    public static Dl4jModelFile standard() {
        return new Dl4jModelFile(false, ModelFileLimits.standard());
    }

    /**
     * The same check, with or without a normalizer.
     *
     * @param allowed whether {@code normalizer.bin} is let through
     * @return the check
     */
    public Dl4jModelFile withNormalizer(boolean allowed) {
        return new Dl4jModelFile(allowed, limits);
    }

    /**
     * The same check with other limits.
     *
     * @param other the limits
     * @return the check
     */
    public Dl4jModelFile withLimits(ModelFileLimits other) {
        return new Dl4jModelFile(normalizer, other);
    }

    /**
     * Checks a file. It is read once; only what was read is checked and handed out.
     *
     * @param file the file
     * @return the answer
     * @throws IOException if the file is missing or cannot be read
     */
    public ModelFileCheck verify(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file + ": no such file");
        }
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + ": must be a regular file");
        }
        String name = String.valueOf(file.getFileName());
        try (InputStream in = Files.newInputStream(file)) {
            return verify(in, name);
        }
    }

    /**
     * Checks what a stream gives.
     *
     * @param in read to its end, or to the limit
     * @param name what to call it
     * @return the answer
     * @throws IOException if it cannot be read
     */
    public ModelFileCheck verify(InputStream in, String name) throws IOException {
        byte[] bytes = in.readNBytes((int) limits.fileBytes() + 1);
        if (bytes.length > limits.fileBytes()) {
            return refused(
                    name,
                    Verdict.REJECT,
                    Refusal.of("too-large", "", "the file must have <= " + limits.fileBytes() + " bytes, has more")
                            .finding());
        }
        return verify(bytes, name);
    }

    private ModelFileCheck verify(byte[] bytes, String name) {
        if (!ZipArchive.looksLikeZip(bytes)) {
            return refused(
                    name,
                    Verdict.CANNOT_INSPECT,
                    Refusal.at("not-a-zip", "", 0, "a Deeplearning4j model must be a zip archive, this is none")
                            .finding());
        }
        try {
            Set<String> known = new TreeSet<>(Set.of(CONFIGURATION, COEFFICIENTS, UPDATER));
            if (normalizer) {
                known.add(NORMALIZER);
            }
            TreeMap<String, byte[]> entries = ZipArchive.read(bytes, limits, known);
            VerifiedModel.Kind kind = configuration(required(entries, CONFIGURATION));
            long parameters = ArrayStream.check(required(entries, COEFFICIENTS), COEFFICIENTS);
            byte[] updater = entries.get(UPDATER);
            if (updater != null) {
                ArrayStream.check(updater, UPDATER);
            }
            byte[] scaling = entries.get(NORMALIZER);
            if (scaling != null) {
                normalizer(scaling);
            }
            VerifiedModel model = new VerifiedModel(digest(entries), kind, parameters, entries);
            return new ModelFileCheck(
                    new Verification(Technique.MODEL_FILE_VERIFICATION, model.digest(), Verdict.ACCEPT, List.of()),
                    toString(),
                    Optional.of(model));
        } catch (Refusal e) {
            return refused(name, Verdict.REJECT, e.finding());
        }
    }

    private ModelFileCheck refused(String name, Verdict verdict, Finding finding) {
        return new ModelFileCheck(
                new Verification(
                        Technique.MODEL_FILE_VERIFICATION,
                        name.isBlank() ? "unnamed" : name,
                        verdict,
                        List.of(finding)),
                toString(),
                Optional.empty());
    }

    private static byte[] required(Map<String, byte[]> entries, String name) throws Refusal {
        byte[] content = entries.get(name);
        if (content == null) {
            throw Refusal.of("missing-entry", name, name + " must be there, the archive has " + entries.keySet());
        }
        return content;
    }

    private VerifiedModel.Kind configuration(byte[] json) throws Refusal {
        JsonValue root;
        try {
            root = JsonParser.parse(
                    json, new JsonLimits(limits.configurationBytes(), 100, 1_000_000, limits.configurationBytes()));
        } catch (MalformedInputException e) {
            throw Refusal.at("configuration", CONFIGURATION, e.offset(), String.valueOf(e.getMessage()));
        }
        classes(root);
        if (root instanceof JsonValue.JsonObject object) {
            if (object.members().get("vertices") instanceof JsonValue.JsonObject) {
                return VerifiedModel.Kind.COMPUTATION_GRAPH;
            }
            if (object.members().get("confs") instanceof JsonValue.JsonArray) {
                return VerifiedModel.Kind.MULTI_LAYER_NETWORK;
            }
        }
        throw Refusal.of(
                "configuration",
                CONFIGURATION,
                "the configuration must have confs (MultiLayerNetwork) or vertices (ComputationGraph), has neither");
    }

    /** Depth is bounded by the parser. */
    private static void classes(JsonValue value) throws Refusal {
        if (value instanceof JsonValue.JsonArray array) {
            for (JsonValue item : array.items()) {
                classes(item);
            }
        } else if (value instanceof JsonValue.JsonObject object) {
            for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
                if (member.getKey().equals("@class")) {
                    String name = member.getValue() instanceof JsonValue.JsonString s ? s.value() : "no string";
                    if (!CLASSES.matcher(name).matches() || CODE.matcher(name).matches()) {
                        throw Refusal.of(
                                "class",
                                CONFIGURATION,
                                "classes must be Deeplearning4j's own layers, activations, losses, updaters, schedules"
                                        + " or weight initialisations, was " + name);
                    }
                }
                classes(member.getValue());
            }
        }
    }

    /** {@code NormalizerSerializer}: UTF "NORMALIZER", version, UTF type; CUSTOM would name a class to instantiate. */
    private static void normalizer(byte[] content) throws Refusal {
        ByteBuffer in = ByteBuffer.wrap(content);
        String magic = text(in);
        String type = magic.equals("NORMALIZER") && in.remaining() >= 4 && in.getInt() == 1 ? text(in) : "";
        if (!NORMALIZERS.contains(type)) {
            throw Refusal.at(
                    "normalizer",
                    NORMALIZER,
                    0,
                    "a normalizer must be in ND4J's own format, version 1, of type " + new TreeSet<>(NORMALIZERS));
        }
    }

    private static String text(ByteBuffer in) {
        if (in.remaining() < 2) {
            return "";
        }
        int length = in.getShort() & 0xffff;
        if (length > in.remaining() || length > 64) {
            return "";
        }
        byte[] text = new byte[length];
        in.get(text);
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    private static String digest(TreeMap<String, byte[]> entries) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                byte[] name = entry.getKey().getBytes(StandardCharsets.US_ASCII);
                sha.update(ByteBuffer.allocate(4).putInt(name.length).array());
                sha.update(name);
                sha.update(
                        ByteBuffer.allocate(8).putLong(entry.getValue().length).array());
                sha.update(entry.getValue());
            }
            return "sha256:" + HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
