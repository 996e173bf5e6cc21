// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.cli.digits.DigitGenerator;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Idx;
import dev.aisec.core.model.Labelled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Test images and, where there are any, training images.
 *
 * @param name where they come from, for a reader
 * @param test what is assessed on
 * @param train what a model is trained on, if none is given
 */
record ImageData(String name, Labelled test, Optional<Labelled> train) {
    private static final int EMBEDDED_TRAIN = 8000;
    private static final int EMBEDDED_TEST = 2000;

    /** The project's own drawn digits. */
    static ImageData embedded(Seed seed) {
        return new ImageData(
                "embedded digits",
                new DigitGenerator(seed.derive("digits-test")).generate(EMBEDDED_TEST),
                Optional.of(new DigitGenerator(seed.derive("digits-train")).generate(EMBEDDED_TRAIN)));
    }

    /** The IDX files of a folder, plain or gzipped: t10k-* is the test set, train*-* the training set. */
    static ImageData load(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new NoSuchFileException(folder + ": must be a folder with IDX files, there is none");
        }
        Path testImages = find(folder, "t10k", "images")
                .orElseThrow(
                        () -> new NoSuchFileException(folder + ": must have a test set t10k-images*, there is none"));
        Labelled test = Idx.read(testImages, labels(folder, testImages));
        Optional<Path> trainImages = find(folder, "train", "images");
        Optional<Labelled> train = Optional.empty();
        if (trainImages.isPresent()) {
            Labelled data = Idx.read(trainImages.get(), labels(folder, trainImages.get()));
            if (!data.inputs().shape().equals(test.inputs().shape())) {
                throw new IOException(trainImages.get() + ": images must have shape "
                        + test.inputs().shape() + " like those of " + testImages.getFileName() + ", have "
                        + data.inputs().shape());
            }
            train = Optional.of(data);
        }
        return new ImageData(String.valueOf(folder.toAbsolutePath().normalize().getFileName()), test, train);
    }

    private static Path labels(Path folder, Path images) throws IOException {
        String prefix = String.valueOf(images.getFileName());
        prefix = prefix.substring(0, prefix.indexOf("images"));
        Path found = find(folder, prefix, "labels").orElse(null);
        if (found == null) {
            throw new NoSuchFileException(
                    folder + ": must have labels " + prefix + "labels* beside " + images.getFileName() + ", has none");
        }
        return found;
    }

    private static Optional<Path> find(Path folder, String prefix, String kind) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found = files.filter(f -> {
                        String name = String.valueOf(f.getFileName());
                        return name.startsWith(prefix) && name.contains(kind) && name.contains("idx");
                    })
                    .sorted()
                    .toList();
            if (found.size() > 1) {
                throw new IOException(folder + ": must have one file " + prefix + "*" + kind + "*, has " + found.size()
                        + ": " + found.get(0).getFileName() + ", "
                        + found.get(1).getFileName());
            }
            return found.stream().findFirst();
        } catch (UncheckedIOException e) {
            throw new IOException(folder + ": must be readable: " + e.getMessage(), e);
        }
    }

    /** Classes of the training set, or of the test set if there is none. */
    int classes() {
        int most = 1;
        for (int label : train.orElse(test).targets().labels()) {
            most = Math.max(most, label);
        }
        return most + 1;
    }

    /** Names the content of a data set. */
    static String digest(Labelled data) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            ByteBuffer row = ByteBuffer.allocate(4 * data.inputs().shape().size() + 4);
            for (int i = 0; i < data.size(); i++) {
                row.clear();
                for (float value : data.inputs().row(i)) {
                    row.putFloat(value);
                }
                row.putInt(data.targets().label(i));
                sha.update(row.array());
            }
            return "sha256:" + HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
