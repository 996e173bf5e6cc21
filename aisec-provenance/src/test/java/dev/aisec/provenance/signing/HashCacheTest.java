// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Finding;
import dev.aisec.core.MalformedInputException;
import dev.aisec.core.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where times of change are to be had; the cache says itself where they are not. */
class HashCacheTest {
    private static final SigningKey KEY = SigningKey.generate(SignatureAlgorithm.ED25519);
    private static final TrustedKeys TRUST = TrustedKeys.of(KEY.verificationKey());
    private static final byte[] SECRET = new byte[32];

    /** As if reading began in an hour, so that files written just now have settled. */
    private static final long LATER = (System.currentTimeMillis() + 3_600_000) * 1_000_000;

    @TempDir
    Path folder;

    private Path root;
    private Path file;
    private Path cacheFile;

    @BeforeEach
    void writeModel() throws IOException {
        root = Files.createDirectory(folder.resolve("m")).toRealPath();
        file = Files.writeString(root.resolve("a"), "content");
        Files.writeString(root.resolve("b"), "other");
        cacheFile = folder.resolve("cache");
    }

    private List<FileHasher.Piece> pieces() throws IOException {
        List<FileHasher.Piece> pieces = new ArrayList<>();
        Folder.list(root, Set.of("m.sig"), SymlinkPolicy.REFUSE)
                .files()
                .values()
                .forEach(e -> pieces.add(new FileHasher.Piece(e, 0, e.state().size())));
        return pieces;
    }

    private HashCache filled() throws IOException {
        HashCache cache = HashCache.open(cacheFile, SECRET);
        List<FileHasher.Piece> pieces = pieces();
        cache.keep(root, LATER, "ab", pieces, FileHasher.hash(pieces, 1, null));
        return HashCache.open(cacheFile, SECRET);
    }

    private List<Boolean> cached(HashCache cache) throws IOException {
        return FileHasher.hash(pieces(), 1, cache).stream()
                .map(FileHasher.Result::cached)
                .toList();
    }

    private boolean unsupported() {
        if (cacheFile.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            return false;
        }
        System.out.println("not checked: no times of change here");
        return true;
    }

    @Test
    void hash_unchangedFiles_areNotReadAgain() throws IOException {
        if (unsupported()) {
            return;
        }
        HashCache cache = filled();
        assertThat(cache.size()).isEqualTo(2);
        List<FileHasher.Piece> pieces = pieces();
        List<FileHasher.Result> results = FileHasher.hash(pieces, 2, cache);
        assertThat(results).extracting(FileHasher.Result::cached).containsExactly(true, true);
        assertThat(results.get(0).digest())
                .isEqualTo(FileHasher.hash(pieces, 1, null).get(0).digest());
    }

    @Test
    void hash_changeWithSizeAndTimeSetBack_isSeen() throws IOException {
        if (unsupported()) {
            return;
        }
        HashCache cache = filled();
        FileTime before = Files.getLastModifiedTime(file);
        Files.writeString(file, "CONTENT");
        Files.setLastModifiedTime(file, before);
        assertThat(cached(cache)).containsExactly(false, true);
        HashCache again = filled();
        Path copy = Files.copy(file, folder.resolve("copy"));
        Files.delete(file);
        Files.move(copy, file);
        assertThat(cached(again)).containsExactly(false, true);
    }

    @Test
    void keep_filesTouchedJustNow_areNotKept() throws IOException {
        if (unsupported()) {
            return;
        }
        HashCache cache = HashCache.open(cacheFile, SECRET);
        List<FileHasher.Piece> pieces = pieces();
        cache.keep(root, System.currentTimeMillis() * 1_000_000, "ab", pieces, FileHasher.hash(pieces, 1, null));
        assertThat(cache.size()).isZero();
    }

    @Test
    void open_changedOrWithAnotherKey_isRefused() throws IOException {
        if (unsupported()) {
            return;
        }
        filled();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cacheFile)))
                .isEqualTo("rw-------");
        byte[] other = SECRET.clone();
        other[0] = 1;
        assertThatThrownBy(() -> HashCache.open(cacheFile, other)).isInstanceOf(MalformedInputException.class);
        byte[] good = Files.readAllBytes(cacheFile);
        for (int i = 0; i < good.length; i++) {
            byte[] changed = good.clone();
            changed[i] ^= 1;
            Files.write(cacheFile, changed);
            assertThatThrownBy(() -> HashCache.open(cacheFile, SECRET)).isInstanceOf(MalformedInputException.class);
        }
        Files.write(cacheFile, good);
        Files.setPosixFilePermissions(cacheFile, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> HashCache.open(cacheFile, SECRET)).hasMessageContaining("only its owner");
        assertThatThrownBy(() -> HashCache.open(cacheFile, new byte[31])).hasMessageContaining("key must have >= 32");
    }

    @Test
    void verify_withCache_reportsItAndStillVerifiesTheSignature() throws IOException {
        if (unsupported()) {
            return;
        }
        Path signature = root.resolve("m.sig");
        ModelSigner.withKey(KEY).sign(root, signature);
        HashCache cache = filled();
        SignatureReport report = ModelSignatures.verify(root, signature, TRUST, SignaturePolicy.standard(), cache);
        assertThat(report.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(report.verification().findings())
                .extracting(Finding::message)
                .containsExactly("2 of 2 files or parts were not read again");
        // The cache survives, though the files are too new to be taken in.
        assertThat(HashCache.open(cacheFile, SECRET).size()).isEqualTo(2);
        Files.writeString(file, "CONTENT");
        assertThat(ModelSignatures.verify(root, signature, TRUST, SignaturePolicy.standard(), cache)
                        .verification()
                        .findings())
                .extracting(Finding::code)
                .containsExactly("signature.digest-mismatch", "signature.cached");
        SigningKey stranger = SigningKey.generate(SignatureAlgorithm.ED25519);
        assertThat(ModelSignatures.verify(
                                root,
                                signature,
                                TrustedKeys.of(stranger.verificationKey()),
                                SignaturePolicy.standard(),
                                cache)
                        .verification()
                        .verdict())
                .isEqualTo(Verdict.REJECT);
    }
}
