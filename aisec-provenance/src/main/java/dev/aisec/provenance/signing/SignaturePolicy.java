// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.provenance.internal.Text;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a verifier accepts beyond the signature itself.
 *
 * @param ignorable which paths a signer may have left out, beside the signature file; empty: any that the signer signed
 *     as left out. What is there under them is a finding {@code signature.unsigned-space} in any case
 * @param ignored paths that this verifier passes over, relative to the model, exact; unsigned space of its own making, for
 *     signatures that do not say what they left out (before v1.1.0 of the reference implementation)
 * @param gitIgnored whether {@link #GIT_PATHS} are passed over even where the signature does not say so, as OMS v1.0
 *     section 6.2 has it; they count as files of the model where they are signed
 * @param symlinks whether links inside the model may be followed; only where the signer did so too
 * @param unsignedFiles whether files beside the signed ones are let pass, as warnings (OMS v1.0 section 8.5)
 * @param parallelism how many threads hash, at least 1
 */
public record SignaturePolicy(
        Optional<Set<String>> ignorable,
        Set<String> ignored,

        boolean gitIgnored,
        SymlinkPolicy symlinks,
        boolean unsignedFiles,
        int parallelism) {
    /** The paths that OMS v1.0 leaves out by default, at the top of a model only. */
    public static final Set<String> GIT_PATHS = Set.of(".git", ".gitattributes", ".github", ".gitignore");

    /** Checks and copies. */
    public SignaturePolicy {
        ignorable = ignorable.map(Set::copyOf);
        ignored = Set.copyOf(ignored);
        for (String path : ignored) {
            Optional<String> fault = Manifest.ignoreFault(path);
            if (fault.isPresent()) {
                throw new IllegalArgumentException("an ignored path " + fault.get() + ", was " + Text.quote(path));
            }
        }
        if (parallelism < 1) {
            throw new IllegalArgumentException("parallelism must be >= 1, was " + parallelism);
        }
    }

    /**
     * As OMS v1.0 has it: the signer may leave anything out, links are refused, no unsigned files, all processors.
     *
     * @return the policy
     */
    public static SignaturePolicy standard() {
        return new SignaturePolicy(
                Optional.empty(),
                Set.of(),
                true,
                SymlinkPolicy.REFUSE,
                false,
                Runtime.getRuntime().availableProcessors());
    }

    /**
     * No space for files that nobody signed: only {@link #GIT_PATHS} may be left out, and only where the signer said so.
     *
     * @return the policy
     */
    public static SignaturePolicy strict() {
        return new SignaturePolicy(
                Optional.of(GIT_PATHS),
                Set.of(),
                false,
                SymlinkPolicy.REFUSE,
                false,
                Runtime.getRuntime().availableProcessors());
    }

    /**
     * The same with the paths that a signer may leave out.
     *
     * @param paths relative to the model
     * @return the policy
     */
    public SignaturePolicy withIgnorable(Set<String> paths) {
        return new SignaturePolicy(Optional.of(paths), ignored, gitIgnored, symlinks, unsignedFiles, parallelism);
    }

    /**
     * The same with paths that are passed over. What is there under them is a finding.
     *
     * @param paths relative to the model, exact; a folder with all that is in it
     * @return the policy
     */
    public SignaturePolicy ignoring(Set<String> paths) {
        return new SignaturePolicy(ignorable, paths, gitIgnored, symlinks, unsignedFiles, parallelism);
    }

    /**
     * The same with another way with links.
     *
     * @param policy for links
     * @return the policy
     */
    public SignaturePolicy withSymlinks(SymlinkPolicy policy) {
        return new SignaturePolicy(ignorable, ignored, gitIgnored, policy, unsignedFiles, parallelism);
    }

    /**
     * The same, with unsigned files let pass or not.
     *
     * @param allowed whether they are
     * @return the policy
     */
    public SignaturePolicy withUnsignedFiles(boolean allowed) {
        return new SignaturePolicy(ignorable, ignored, gitIgnored, symlinks, allowed, parallelism);
    }

    /**
     * The same with another number of threads.
     *
     * @param threads at least 1
     * @return the policy
     */
    public SignaturePolicy withParallelism(int threads) {
        return new SignaturePolicy(ignorable, ignored, gitIgnored, symlinks, unsignedFiles, threads);
    }

    /** For the evidence; equal policies give equal text. The number of threads changes nothing. */
    String text() {
        return "ignorable="
                + ignorable.map(paths -> new TreeSet<>(paths).toString()).orElse("any") + ", ignored="
                + new TreeSet<>(ignored) + ", gitIgnored=" + gitIgnored
                + ", symlinks=" + symlinks + ", unsignedFiles=" + unsignedFiles;
    }
}
