// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The files of a model, as they stand in its folder. Only the folder is read, no file is opened.
 *
 * @param files by signed name, sorted by code points
 * @param ignored paths that are there and were passed over
 * @param empty folders without anything in them
 * @param faults what cannot be part of a model
 */
record Folder(Map<String, Entry> files, List<String> ignored, List<String> empty, List<Fault> faults) {
    /** Far more than a bundle can list. */
    private static final int MAX_ENTRIES = 500_000;

    private static final int MAX_DEPTH = 200;

    /**
     * A file.
     *
     * @param path where to open it; behind links
     * @param state when it was listed
     */
    record Entry(Path path, FileState state) {}

    /** Something that cannot be part of a model. */
    record Fault(SignatureRule rule, String name, String message) {}

    /**
     * A folder to be listed.
     *
     * @param real where it is, behind links
     * @param parent the folder in which it was found
     */
    private record Todo(Path path, Path real, @Nullable Todo parent, String prefix, int depth) {
        /** Whether a folder is this one, or one through which this one was reached. */
        boolean isWithin(Path folder) {
            for (Todo at = this; at != null; at = at.parent()) {
                if (at.real().startsWith(folder)) {
                    return true;
                }
            }
            return false;
        }
    }

    /** A model that is a single file. */
    static Folder single(Path file) throws IOException {
        Map<String, Entry> files = new TreeMap<>(Names.CODE_POINTS);
        List<Fault> faults = new ArrayList<>();
        Walk walk = new Walk(file, Set.of(), SymlinkPolicy.REFUSE, files, new ArrayList<>(), new ArrayList<>(), faults);
        walk.file(file, Names.of(file), null);
        return new Folder(files, List.of(), List.of(), faults);
    }

    /**
     * Lists a folder.
     *
     * @param root the real path
     * @param ignored names to pass over, with all that is in them
     */
    static Folder list(Path root, Set<String> ignored, SymlinkPolicy links) throws IOException {
        Map<String, Entry> files = new TreeMap<>(Names.CODE_POINTS);
        List<String> seen = new ArrayList<>();
        List<String> empty = new ArrayList<>();
        List<Fault> faults = new ArrayList<>();
        new Walk(root, ignored, links, files, seen, empty, faults).run();
        seen.sort(Names.CODE_POINTS);
        empty.sort(Names.CODE_POINTS);
        faults.sort(Comparator.comparing(Fault::name, Names.CODE_POINTS));
        return new Folder(files, seen, empty, faults);
    }

    /** Pairs of names that one file system tells apart and another does not. */
    List<String> collisions() {
        Map<String, String> folded = new TreeMap<>();
        List<String> collisions = new ArrayList<>();
        for (String name : files.keySet()) {
            String other = folded.putIfAbsent(Names.folded(name), name);
            if (other != null) {
                collisions.add(Text.quote(other) + " and " + Text.quote(name));
            }
        }
        return collisions;
    }

    private record Walk(
            Path root,
            Set<String> ignoredNames,
            SymlinkPolicy links,
            Map<String, Entry> files,
            List<String> ignored,
            List<String> empty,
            List<Fault> faults) {
        void run() throws IOException {
            Deque<Todo> todo = new ArrayDeque<>();
            todo.add(new Todo(root, root, null, "", 0));
            int entries = 0;
            while (!todo.isEmpty()) {
                Todo folder = todo.removeLast();
                if (folder.depth() > MAX_DEPTH) {
                    throw new Refusal(SignatureRule.LIMIT, "folders must be nested <= " + MAX_DEPTH + " deep");
                }
                boolean none = true;
                try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder.path())) {
                    for (Path child : stream) {
                        none = false;
                        if (++entries > MAX_ENTRIES) {
                            throw new Refusal(SignatureRule.LIMIT, "a folder must hold <= " + MAX_ENTRIES + " entries");
                        }
                        if ((entries & 0xff) == 0 && Thread.currentThread().isInterrupted()) {
                            throw new CancellationException("interrupted while listing " + root);
                        }
                        Todo next = child(child, folder);
                        if (next != null) {
                            todo.addLast(next);
                        }
                    }
                } catch (DirectoryIteratorException e) {
                    throw e.getCause();
                } catch (AccessDeniedException e) {
                    none = false;
                    fault(SignatureRule.UNREADABLE, folder.prefix(), "the folder must be readable");
                } catch (NoSuchFileException e) {
                    none = false;
                    fault(SignatureRule.CHANGED, folder.prefix(), "the folder vanished while it was listed");
                }
                if (none && folder.depth() > 0) {
                    empty.add(folder.prefix());
                }
            }
        }

        private @Nullable Todo child(Path child, Todo folder) throws IOException {
            Optional<String> own = Names.of(child);
            Optional<String> name = own.map(n -> folder.prefix().isEmpty() ? n : folder.prefix() + "/" + n);
            if (name.isPresent() && ignoredNames.contains(name.get())) {
                ignored.add(name.get());
                return null;
            }
            Path real = file(child, name, folder);
            return real == null ? null : new Todo(child, real, folder, name.orElseThrow(), folder.depth() + 1);
        }

        /** Takes a file; of a folder that can be walked, it returns where it is. */
        @Nullable
        Path file(Path path, Optional<String> name, @Nullable Todo in) throws IOException {
            String shown = name.orElseGet(path::toString);
            Optional<String> wrong = name.isEmpty() ? Optional.of("must be UTF-8") : Names.fault(name.get());
            if (wrong.isPresent()) {
                fault(SignatureRule.FILE_NAME, shown, "the name of a file " + wrong.get());
                return null;
            }
            try {
                FileState state = FileState.of(path);
                Path target = state.kind() == FileState.Kind.LINK ? target(path, shown, in) : path;
                if (target == null) {
                    return null;
                }
                if (state.kind() == FileState.Kind.LINK) {
                    state = FileState.of(target);
                }
                switch (state.kind()) {
                    case FOLDER -> {
                        return in == null || !target.equals(path) ? target : below(in.real(), path);
                    }
                    case FILE -> files.put(shown, new Entry(target, state));
                    default ->
                        fault(SignatureRule.SPECIAL_FILE, shown, "a pipe, socket or device must not be in a model");
                }
            } catch (AccessDeniedException e) {
                fault(SignatureRule.UNREADABLE, shown, "the file must be readable");
            } catch (NoSuchFileException e) {
                fault(SignatureRule.CHANGED, shown, "the file vanished while the folder was listed");
            }
            return null;
        }

        private static Path below(Path folder, Path child) {
            Path name = child.getFileName();
            return name == null ? folder : folder.resolve(name);
        }

        /** Where a link leads, if it may be followed. */
        private @Nullable Path target(Path link, String shown, @Nullable Todo in) throws IOException {
            if (links == SymlinkPolicy.REFUSE || in == null) {
                fault(SignatureRule.SYMLINK, shown, "symbolic links are not followed");
                return null;
            }
            Path target;
            try {
                target = link.toRealPath();
            } catch (AccessDeniedException e) {
                throw e;
            } catch (FileSystemException e) {
                fault(SignatureRule.SYMLINK, shown, "a symbolic link must lead to a file or folder");
                return null;
            }
            if (!target.startsWith(root)) {
                fault(SignatureRule.SYMLINK, shown, "a symbolic link must lead to a place inside the model");
                return null;
            }
            if (in.isWithin(target)) {
                fault(SignatureRule.SYMLINK, shown, "a symbolic link must not lead in a circle");
                return null;
            }
            return target;
        }

        private void fault(SignatureRule rule, String name, String message) {
            faults.add(new Fault(rule, name, message));
        }
    }
}
