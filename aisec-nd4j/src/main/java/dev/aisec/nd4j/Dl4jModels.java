// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import dev.aisec.core.SecurityControlException;
import dev.aisec.core.model.Shape;
import dev.aisec.provenance.modelfile.VerifiedModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.factory.Nd4j;

/** Loads and saves Deeplearning4j networks. */
public final class Dl4jModels {
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
                    "ND4J must be able to start, could not: add org.nd4j:nd4j-native with the classifier of this platform,"
                            + " and see that JavaCPP's cache folder (org.bytedeco.javacpp.cachedir) can be written and"
                            + " executed: " + e,
                    e);
        }
    }

    /**
     * Loads a network from exactly the bytes that were checked.
     *
     * @param model what the model file check let through; a {@code MultiLayerNetwork}
     * @return the network
     * @throws IOException if Deeplearning4j cannot make a network of it
     */
    public static MultiLayerNetwork load(VerifiedModel model) throws IOException {
        return load(
                model,
                VerifiedModel.Kind.MULTI_LAYER_NETWORK,
                in -> ModelSerializer.restoreMultiLayerNetwork(in, true));
    }

    /**
     * Loads a graph from exactly the bytes that were checked.
     *
     * @param model what the model file check let through; a {@code ComputationGraph}
     * @return the graph
     * @throws IOException if Deeplearning4j cannot make a graph of it
     */
    public static ComputationGraph loadGraph(VerifiedModel model) throws IOException {
        return load(
                model, VerifiedModel.Kind.COMPUTATION_GRAPH, in -> ModelSerializer.restoreComputationGraph(in, true));
    }

    private interface Loader<T> {
        T load(InputStream bytes) throws IOException;
    }

    private static <T> T load(VerifiedModel model, VerifiedModel.Kind kind, Loader<T> loader) throws IOException {
        if (model.kind() != kind) {
            throw new IllegalArgumentException("model must be a " + kind + ", was " + model.kind());
        }
        requireNatives();
        try {
            return loader.load(new ByteArrayInputStream(model.canonicalZip()));
        } catch (RuntimeException | LinkageError e) {
            throw new IOException(
                    "Deeplearning4j must be able to build the network " + model.digest() + ", could not: " + e, e);
        }
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
