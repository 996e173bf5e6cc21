// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import dev.aisec.core.SecurityControlException;
import dev.aisec.core.model.Shape;
import dev.aisec.provenance.modelfile.VerifiedModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;
import org.nd4j.linalg.factory.Nd4j;

/** Loads and saves Deeplearning4j networks. */
public final class Dl4jModels {
    /** The entries that Deeplearning4j is given; with any other it may run Java deserialization. */
    private static final List<String> LOADED =
            List.of("configuration.json", "coefficients.bin", "updaterState.bin", "noParams.marker");

    private Dl4jModels() {}

    /**
     * Starts ND4J, so that a missing native library is told in a sentence.
     *
     * @throws SecurityControlException if ND4J cannot start
     */
    public static void requireNatives() {
        try {
            Nd4j.getBackend();
        } catch (Exception | LinkageError e) {
            throw new SecurityControlException(
                    "ND4J must be able to start, could not: add org.nd4j:nd4j-native with the classifier of this"
                            + " platform, and see that JavaCPP's cache folder (org.bytedeco.javacpp.cachedir) can be"
                            + " written and executed: " + e,
                    e);
        }
    }

    /**
     * Loads a network from exactly the bytes that were checked. Deeplearning4j is given a fresh archive of configuration,
     * parameters and updater state, and nothing else: never a {@code preprocessor.bin}, on which it would run Java
     * deserialization.
     *
     * @param model what the model file check let through; a {@code MultiLayerNetwork}
     * @return the network
     * @throws IOException if Deeplearning4j cannot make a network of it
     */
    public static MultiLayerNetwork load(VerifiedModel model) throws IOException {
        return load(model, "MultiLayerNetwork", in -> ModelSerializer.restoreMultiLayerNetwork(in, true));
    }

    /**
     * Loads a graph from exactly the bytes that were checked; see {@link #load}.
     *
     * @param model what the model file check let through; a {@code ComputationGraph}
     * @return the graph
     * @throws IOException if Deeplearning4j cannot make a graph of it
     */
    public static ComputationGraph loadGraph(VerifiedModel model) throws IOException {
        return load(model, "ComputationGraph", in -> ModelSerializer.restoreComputationGraph(in, true));
    }

    /**
     * Whether a verified model is a {@code ComputationGraph}.
     *
     * @param model what the model file check let through
     * @return true for {@link #loadGraph}, false for {@link #load}
     */
    public static boolean isGraph(VerifiedModel model) {
        return is(model, "ComputationGraph");
    }

    /**
     * Loads a SameDiff graph from exactly the bytes that were checked.
     *
     * @param model what the model file check let through; a file of SameDiff
     * @return the graph, with its updater state
     * @throws IOException if SameDiff cannot make a graph of it
     */
    public static SameDiff loadSameDiff(VerifiedModel model) throws IOException {
        if (!model.structure().format().equals("samediff")) {
            throw new IllegalArgumentException(
                    "model must be a SameDiff graph, was " + model.structure().format());
        }
        requireNatives();
        Optional<InputStream> entry = model.entry("samediff.fb");
        try (InputStream in = entry.isPresent() ? entry.get() : model.open()) {
            return SameDiff.fromFlatBuffers(ByteBuffer.wrap(in.readAllBytes()), true);
        } catch (RuntimeException | LinkageError e) {
            throw new IOException(
                    "SameDiff must be able to build the graph " + model.digest() + ", could not: " + e, e);
        }
    }

    /**
     * Loads the normalizer of a network from exactly the bytes that were checked; see {@link Dl4jNormalizers}.
     *
     * @param model what the model file check let through, with a policy that allows its normalizer
     * @return the normalizer; empty if the file has none
     * @throws IOException if it is none of ND4J's, or cannot be made
     */
    public static Optional<Normalizer<?>> loadNormalizer(VerifiedModel model) throws IOException {
        requireFormat(model);
        requireNatives();
        return Dl4jNormalizers.load(model);
    }

    private interface Loader<T> {
        T load(InputStream bytes) throws IOException;
    }

    private static boolean is(VerifiedModel model, String kind) {
        requireFormat(model);
        // Values of metadata are quoted.
        return ("\"" + kind + "\"").equals(model.structure().metadata().get("dl4j.kind"));
    }

    private static void requireFormat(VerifiedModel model) {
        if (!model.structure().format().equals("dl4j")) {
            throw new IllegalArgumentException("model must be a network of Deeplearning4j, was "
                    + model.structure().format());
        }
    }

    private static <T> T load(VerifiedModel model, String kind, Loader<T> loader) throws IOException {
        if (!is(model, kind)) {
            throw new IllegalArgumentException("model must be a " + kind + ", was "
                    + model.structure().metadata().get("dl4j.kind"));
        }
        requireNatives();
        try {
            return loader.load(new ByteArrayInputStream(archive(model)));
        } catch (RuntimeException | LinkageError e) {
            throw new IOException(
                    "Deeplearning4j must be able to build the network " + model.digest() + ", could not: " + e, e);
        }
    }

    /** What a loader may see of a file. */
    private static byte[] archive(VerifiedModel model) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (String name : LOADED) {
                Optional<InputStream> entry = model.entry(name);
                if (entry.isPresent()) {
                    try (InputStream in = entry.get()) {
                        zip.putNextEntry(new ZipEntry(name));
                        in.transferTo(zip);
                        zip.closeEntry();
                    }
                }
            }
        }
        return bytes.toByteArray();
    }

    /**
     * The shape of one example that a network asks for.
     *
     * @param network the network
     * @return the shape, where its configuration tells; one axis for a network of dense layers
     */
    public static Optional<Shape> inputShape(MultiLayerNetwork network) {
        return Dl4jClassifier.inputShape(network);
    }

    /**
     * Saves a network: to a file beside it first, which then takes its place. Equal networks give equal files.
     *
     * @param network a {@code MultiLayerNetwork} or {@code ComputationGraph}
     * @param file where to; replaced
     * @throws IOException if it cannot be written
     */
    public static void save(Model network, Path file) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ModelSerializer.writeModel(network, bytes, true);
        Path temporary = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            Files.write(temporary, withoutTimes(bytes.toByteArray()));
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static byte[] withoutTimes(byte[] zip) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip));
                ZipOutputStream out = new ZipOutputStream(bytes)) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                ZipEntry copy = new ZipEntry(entry.getName());
                copy.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
                out.putNextEntry(copy);
                in.transferTo(out);
                out.closeEntry();
            }
        }
        return bytes.toByteArray();
    }
}
