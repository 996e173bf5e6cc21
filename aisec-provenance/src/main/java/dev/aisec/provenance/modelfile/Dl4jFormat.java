// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Networks of Deeplearning4j, as {@code ModelSerializer} of releases 0.5 to 1.0.0-M2.1 writes them: a zip archive of
 * {@code configuration.json}, {@code coefficients.bin} and perhaps {@code updaterState.bin} and a normalizer.
 *
 * <p>Guarantee: only known classes are named; every array is complete and its shape information fits; the number of
 * parameters is that of the configuration where it follows from the layers. Deeplearning4j runs Java deserialization on
 * {@code preprocessor.bin} whenever it is there, so that entry is refused unless a policy allows the global
 * {@code dl4j.preprocessor.bin}. A {@code normalizer.bin} in ND4J's own format is accepted where a policy allows
 * {@code dl4j.normalizer/STANDARDIZE} (or {@code MIN_MAX}, {@code IMAGE_MIN_MAX}, {@code IMAGE_VGG16}).
 */
record Dl4jFormat() implements ModelFormat {
    static final Rule PREPROCESSOR = Rule.reject(
            "dl4j.preprocessor",
            "The model carries a Java object stream that Deeplearning4j deserializes without a filter when it loads the"
                    + " model: it can run any code.",
            "https://github.com/deeplearning4j/deeplearning4j/issues/10428");
    static final Rule JAVA_STREAM = Rule.reject(
            "dl4j.java-stream",
            "An entry is a Java object stream where Deeplearning4j would deserialize it without a filter.",
            "CWE-502");
    static final Rule NORMALIZER = Rule.reject(
            "dl4j.normalizer", "The model carries a normalizer, which the policy must allow by its type.", "");
    static final Rule NORMALIZER_TYPE = Rule.cannotInspect(
            "dl4j.normalizer-type", "The normalizer is of a type whose content is not read here.", "");
    static final Rule ENTRY = Rule.reject(
            "dl4j.entry", "An entry that every model has is missing, or one has content that it must not have.", "");
    static final Rule PARAMETERS = Rule.reject(
            "dl4j.parameters",
            "The number of parameters is not the one that the layers of the configuration have.",
            "CWE-131");

    /** The name of the entry in policies that allow it. */
    static final String ALLOW_PREPROCESSOR = "dl4j.preprocessor.bin";

    private static final String CONFIGURATION = "configuration.json";
    private static final String COEFFICIENTS = "coefficients.bin";
    private static final String UPDATER = "updaterState.bin";
    private static final String NO_PARAMETERS = "noParams.marker";
    private static final String NORMALIZER_ENTRY = "normalizer.bin";
    private static final String PREPROCESSOR_ENTRY = "preprocessor.bin";
    private static final String OLD_UPDATER = "updater.bin";

    @Override
    public String name() {
        return "dl4j";
    }

    @Override
    public List<String> extensions() {
        return List.of("zip", "dl4j", "bin");
    }

    @Override
    public Claim recognizes(Probe probe) {
        List<String> names = probe.zipNames().orElse(List.of());
        boolean network = names.contains(CONFIGURATION)
                && (names.contains(COEFFICIENTS)
                        || names.contains(NO_PARAMETERS)
                        || names.contains(UPDATER)
                        || names.contains(PREPROCESSOR_ENTRY));
        return network ? Claim.CERTAIN : Claim.NONE;
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        ZipReader zip = ZipReader.open(source, inspection);
        OptionalLong[] parameters = {OptionalLong.empty(), OptionalLong.empty()};
        for (ZipReader.Member member : zip.members()) {
            if (!member.readable()) {
                continue;
            }
            String name = member.name();
            switch (name) {
                case CONFIGURATION ->
                    part(zip, member, inspection, (content, in) -> parameters[0] = Dl4jConfiguration.read(content, in));
                case COEFFICIENTS ->
                    part(
                            zip,
                            member,
                            inspection,
                            (content, in) -> parameters[1] = OptionalLong.of(array(content, name, in, zip)));
                case UPDATER -> part(zip, member, inspection, (content, in) -> array(content, name, in, zip));
                case NO_PARAMETERS ->
                    part(zip, member, inspection, (content, in) -> {
                        if (content.length() != 0) {
                            throw new Refusal(ENTRY, 0, "the marker must be empty, has " + content.length() + " bytes");
                        }
                    });
                case NORMALIZER_ENTRY -> part(zip, member, inspection, Dl4jFormat::normalizer);
                case PREPROCESSOR_ENTRY -> part(zip, member, inspection, Dl4jFormat::preprocessor);
                case OLD_UPDATER -> part(zip, member, inspection, Dl4jFormat::noJavaStream);
                default -> Entries.other(name, zip.content(member), inspection);
            }
        }
        if (zip.member(CONFIGURATION).isEmpty()
                || zip.member(COEFFICIENTS).isEmpty()
                        && zip.member(NO_PARAMETERS).isEmpty()) {
            throw new Refusal(ENTRY, -1, "a network must have configuration.json and coefficients.bin, one is missing");
        }
        if (parameters[0].isPresent() && parameters[1].isPresent() && !parameters[0].equals(parameters[1])) {
            throw new Refusal(
                    PARAMETERS,
                    -1,
                    "number of parameters must be " + parameters[0].getAsLong() + " by the configuration, was "
                            + parameters[1].getAsLong());
        }
    }

    private interface Part {
        void read(ByteSource content, Inspection inspection) throws IOException;
    }

    private static void part(ZipReader zip, ZipReader.Member member, Inspection inspection, Part part)
            throws IOException {
        Entries.guarded(inspection.entry(member.name()), in -> part.read(zip.content(member), in));
    }

    private static long array(ByteSource content, String name, Inspection inspection, ZipReader zip)
            throws IOException {
        if (content.length() == 0 && zip.member(NO_PARAMETERS).isPresent()) {
            return 0;
        }
        Cursor in = new Cursor(content);
        long count = Nd4jArray.read(in, name, inspection);
        end(in);
        return count;
    }

    private static void end(Cursor in) throws Refusal {
        if (in.remaining() != 0) {
            throw new Refusal(Nd4jArray.RULE, in.position(), "nothing must follow, " + in.remaining() + " bytes do");
        }
    }

    private static void preprocessor(ByteSource content, Inspection inspection) throws IOException {
        inspection.uses(
                Use.GLOBAL,
                ALLOW_PREPROCESSOR,
                Standing.DANGEROUS,
                PREPROCESSOR,
                0,
                "preprocessor.bin must not be there: Deeplearning4j deserializes it when it loads the model");
    }

    private static void noJavaStream(ByteSource content, Inspection inspection) throws IOException {
        throw new Refusal(JAVA_STREAM, 0, "updaters must be arrays, this is the Java object of a release before 0.5");
    }

    /** {@code NormalizerSerializer}: UTF "NORMALIZER", version, UTF type; CUSTOM would name a class to instantiate. */
    private static void normalizer(ByteSource content, Inspection inspection) throws IOException {
        Cursor in = new Cursor(content);
        if (content.length() >= 2 && in.u16be() == 0xaced) {
            throw new Refusal(JAVA_STREAM, 0, "a normalizer must be in ND4J's own format, is a Java object stream");
        }
        in.position(0);
        String magic = Nd4jArray.text(in);
        if (!magic.equals("NORMALIZER")) {
            throw new Refusal(
                    NORMALIZER, 0, "a normalizer must begin with NORMALIZER, begins with " + Text.quote(magic));
        }
        int version = in.i32be();
        String type = Nd4jArray.text(in);
        inspection.uses(
                Use.GLOBAL,
                "dl4j.normalizer/" + type,
                type.equals("CUSTOM") ? Standing.DANGEROUS : Standing.UNKNOWN,
                NORMALIZER,
                0,
                "a normalizer must be allowed by the policy, is of type " + Text.quote(type));
        if (version != 1) {
            throw new Refusal(NORMALIZER, 12, "version of a normalizer must be 1, was " + version);
        }
        List<String> arrays = new ArrayList<>();
        switch (type) {
            case "STANDARDIZE" ->
                arrays.addAll(bool(in) ? List.of("mean", "std", "labelMean", "labelStd") : List.of("mean", "std"));
            case "MIN_MAX" -> {
                arrays.addAll(bool(in) ? List.of("min", "max", "labelMin", "labelMax") : List.of("min", "max"));
                in.skip(16);
            }
            case "IMAGE_MIN_MAX" -> in.skip(24);
            case "IMAGE_VGG16" -> {}
            default ->
                throw new Refusal(
                        NORMALIZER_TYPE,
                        16,
                        "type must be STANDARDIZE, MIN_MAX, IMAGE_MIN_MAX or IMAGE_VGG16, was " + Text.quote(type));
        }
        for (String array : arrays) {
            Nd4jArray.read(in, "normalizer.bin/" + array, inspection);
        }
        end(in);
    }

    private static boolean bool(Cursor in) throws IOException {
        int value = in.u8();
        if (value > 1) {
            throw new Refusal(NORMALIZER, in.position() - 1, "a flag must be 0 or 1, was " + value);
        }
        return value == 1;
    }

    @Override
    public List<Rule> rules() {
        List<Rule> rules = new ArrayList<>(List.of(
                Dl4jConfiguration.CLASS,
                Dl4jConfiguration.CONFIGURATION,
                PREPROCESSOR,
                JAVA_STREAM,
                NORMALIZER,
                NORMALIZER_TYPE,
                ENTRY,
                PARAMETERS,
                Nd4jArray.RULE));
        rules.addAll(Entries.RULES);
        rules.addAll(ZipReader.RULES);
        return List.copyOf(rules);
    }
}
