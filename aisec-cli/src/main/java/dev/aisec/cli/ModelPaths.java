// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The files that a user names.
 *
 * @param files path as it prints, with {@code /}, to file; sorted
 * @param refused what stands in a folder and is no regular file: links, devices; sorted
 */
record ModelPaths(SortedMap<String, Path> files, List<String> refused) {
    /** Walks folders, without following links; a file that is named itself may be a link. */
    static ModelPaths of(List<Path> paths) throws IOException {
        SortedMap<String, Path> files = new TreeMap<>();
        TreeSet<String> refused = new TreeSet<>();
        for (Path path : paths) {
            if (Files.isDirectory(path)) {
                Files.walkFileTree(path, new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        if (attributes.isRegularFile()) {
                            files.put(name(file), file);
                        } else {
                            refused.add(name(file));
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException e) {
                        refused.add(name(file));
                        return FileVisitResult.CONTINUE;
                    }
                });
            } else if (Files.exists(path)) {
                files.put(name(path), path);
            } else {
                throw new NoSuchFileException(path + ": no such file");
            }
        }
        return new ModelPaths(files, new ArrayList<>(refused));
    }

    /** Without a file that is no model: the signature. */
    ModelPaths without(Optional<Path> file) throws IOException {
        if (file.isEmpty() || !Files.exists(file.get())) {
            return this;
        }
        TreeMap<String, Path> rest = new TreeMap<>();
        for (Map.Entry<String, Path> each : files.entrySet()) {
            if (!Files.isSameFile(each.getValue(), file.get())) {
                rest.put(each.getKey(), each.getValue());
            }
        }
        return new ModelPaths(rest, refused);
    }

    private static String name(Path path) {
        return path.toString().replace(path.getFileSystem().getSeparator(), "/");
    }
}
