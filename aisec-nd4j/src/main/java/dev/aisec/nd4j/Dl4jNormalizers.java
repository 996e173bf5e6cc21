// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import dev.aisec.provenance.modelfile.VerifiedModel;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectStreamException;
import java.util.Optional;
import java.util.Set;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerSerializer;

/**
 * Normalizers of model files, without Deeplearning4j's own way of loading them. A {@code normalizer.bin} is read by ND4J's
 * {@code NormalizerSerializer}, for the types whose content was checked and never for {@code CUSTOM}, which names a class. A
 * {@code preprocessor.bin} is a Java object stream: it is deserialized here under a filter that knows the classes of ND4J's
 * normalizers by name and bounds depth, references, arrays and bytes.
 *
 * <p>Limit: the arrays within an object stream are read by ND4J; their lengths are bounded by that of the entry only as far as
 * ND4J checks them. So a stream is for files of a source that one trusts.
 */
final class Dl4jNormalizers {
    private static final String OWN = "normalizer.bin";
    private static final String STREAM = "preprocessor.bin";
    private static final int MOST_BYTES = 16 << 20;
    private static final int MOST_DEPTH = 12;
    private static final int MOST_REFERENCES = 1000;
    private static final int MOST_ARRAY = 64;

    private static final Set<String> TYPES = Set.of("STANDARDIZE", "MIN_MAX", "IMAGE_MIN_MAX", "IMAGE_VGG16");

    private static final String PACKAGE = "org.nd4j.linalg.dataset.api.preprocessor.";

    /** The classes in the streams of ND4J's normalizers, by their exact names. */
    private static final Set<String> CLASSES = Set.of(
            PACKAGE + "AbstractNormalizer",
            PACKAGE + "AbstractDataSetNormalizer",
            PACKAGE + "NormalizerStandardize",
            PACKAGE + "NormalizerMinMaxScaler",
            PACKAGE + "ImagePreProcessingScaler",
            PACKAGE + "VGG16ImagePreProcessor",
            PACKAGE + "StandardizeStrategy",
            PACKAGE + "MinMaxStrategy",
            PACKAGE + "stats.DistributionStats",
            PACKAGE + "stats.MinMaxStats",
            "org.nd4j.linalg.api.ndarray.BaseNDArray",
            "org.nd4j.linalg.api.ndarray.BaseNDArrayProxy",
            "org.nd4j.linalg.cpu.nativecpu.NDArray",
            "[J",
            "[I",
            "long",
            "int");

    private Dl4jNormalizers() {}

    static Optional<Normalizer<?>> load(VerifiedModel model) throws IOException {
        Optional<InputStream> own = model.entry(OWN);
        if (own.isPresent()) {
            try (InputStream in = own.get()) {
                return Optional.of(own(bytes(in, OWN)));
            }
        }
        Optional<InputStream> stream = model.entry(STREAM);
        if (stream.isPresent()) {
            try (InputStream in = stream.get()) {
                return Optional.of(deserialize(bytes(in, STREAM)));
            }
        }
        return Optional.empty();
    }

    private static byte[] bytes(InputStream in, String name) throws IOException {
        byte[] bytes = in.readNBytes(MOST_BYTES + 1);
        if (bytes.length > MOST_BYTES) {
            throw new IOException(name + " must have <= " + MOST_BYTES + " bytes, has more");
        }
        return bytes;
    }

    private static Normalizer<?> own(byte[] bytes) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            String magic = in.readUTF();
            int version = in.readInt();
            String type = in.readUTF();
            if (!magic.equals("NORMALIZER") || version != 1 || !TYPES.contains(type)) {
                throw new IOException(OWN + " must be of version 1 and of a type in " + TYPES);
            }
        }
        try {
            return NormalizerSerializer.getDefault().restore(new ByteArrayInputStream(bytes));
        } catch (Exception e) {
            throw new IOException("ND4J must be able to make a normalizer of " + OWN + ", could not: " + e, e);
        }
    }

    /** Deserializes under the filter; package-private for its test. */
    static Normalizer<?> deserialize(byte[] bytes) throws IOException {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            in.setObjectInputFilter(Dl4jNormalizers::filter);
            if (in.readObject() instanceof Normalizer<?> normalizer) {
                return normalizer;
            }
            throw new IOException(STREAM + " must hold a normalizer, holds something else");
        } catch (ObjectStreamException | ClassNotFoundException | RuntimeException | LinkageError e) {
            throw new IOException(STREAM + " must hold a normalizer of ND4J, could not be read: " + e, e);
        }
    }

    private static ObjectInputFilter.Status filter(ObjectInputFilter.FilterInfo info) {
        Class<?> type = info.serialClass();
        boolean within = info.depth() <= MOST_DEPTH
                && info.references() <= MOST_REFERENCES
                && info.arrayLength() <= MOST_ARRAY
                && info.streamBytes() <= MOST_BYTES;
        if (!within || type != null && !CLASSES.contains(type.getName())) {
            return ObjectInputFilter.Status.REJECTED;
        }
        return type == null ? ObjectInputFilter.Status.UNDECIDED : ObjectInputFilter.Status.ALLOWED;
    }
}
