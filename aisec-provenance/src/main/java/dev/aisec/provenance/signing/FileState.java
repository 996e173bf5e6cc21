// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What tells one content of a file from another without reading it.
 *
 * @param kind what it is
 * @param size bytes
 * @param modified nanoseconds since 1970; whoever may write the file may set it
 * @param changed the same of the inode, -1 where there is none; only the clock of the system sets it
 * @param key device and inode, empty where there is none
 */
record FileState(Kind kind, long size, long modified, long changed, String key) {
    /** What stands under a name. */
    enum Kind {
        FILE,
        FOLDER,
        LINK,
        OTHER
    }

    /** The link itself if it is one. */
    static FileState of(Path path) throws IOException {
        if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            BasicFileAttributes attributes =
                    Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return new FileState(
                    kind(attributes.isRegularFile(), attributes.isDirectory(), attributes.isSymbolicLink()),
                    attributes.size(),
                    attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
                    -1,
                    key(attributes.fileKey()));
        }
        Map<String, Object> attributes = Files.readAttributes(
                path,
                "unix:isRegularFile,isDirectory,isSymbolicLink,size,lastModifiedTime,ctime,fileKey",
                LinkOption.NOFOLLOW_LINKS);
        return new FileState(
                kind(
                        attribute(attributes, "isRegularFile", Boolean.class),
                        attribute(attributes, "isDirectory", Boolean.class),
                        attribute(attributes, "isSymbolicLink", Boolean.class)),
                attribute(attributes, "size", Long.class),
                attribute(attributes, "lastModifiedTime", FileTime.class).to(TimeUnit.NANOSECONDS),
                attribute(attributes, "ctime", FileTime.class).to(TimeUnit.NANOSECONDS),
                key(attributes.get("fileKey")));
    }

    private static <T> T attribute(Map<String, Object> attributes, String name, Class<T> type) {
        return type.cast(Objects.requireNonNull(attributes.get(name), name));
    }

    private static Kind kind(boolean file, boolean folder, boolean link) {
        return link ? Kind.LINK : file ? Kind.FILE : folder ? Kind.FOLDER : Kind.OTHER;
    }

    private static String key(@Nullable Object key) {
        return key == null ? "" : key.toString();
    }
}
