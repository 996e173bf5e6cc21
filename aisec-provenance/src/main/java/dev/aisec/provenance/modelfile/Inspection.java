// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Finding;
import dev.aisec.core.MalformedInputException;
import dev.aisec.provenance.internal.Text;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;

/**
 * The inspection of one file, or of one entry in it: readers tell it what they see, it applies limits and policy and
 * collects findings. Entries share the limits of their file. Not for use by several threads.
 */
public final class Inspection {
    private static final int MOST_FINDINGS = 1000;
    private static final int MOST_NAMES = 10_000;
    private static final int MOST_LISTING = 1 << 20;

    /** What a file and all its entries share. */
    static final class Shared implements Closeable {
        final VerificationPolicy policy;
        final List<ModelFormat> formats;
        final long fileLength;
        final List<Finding> findings = new ArrayList<>();
        final Set<Rule> rules = new LinkedHashSet<>();
        final List<Operator> operators = new ArrayList<>();
        final List<Tensor> tensors = new ArrayList<>();
        final TreeMap<String, String> metadata = new TreeMap<>();
        final Map<Use, SortedSet<String>> names = new EnumMap<>(Use.class);
        final Map<String, String> listings = new LinkedHashMap<>();
        final Scans scans;
        final Spool spool = new Spool(this);
        final List<AutoCloseable> resources = new ArrayList<>();
        long steps;
        long inflated;
        int entries;
        int listed;

        Shared(VerificationPolicy policy, List<ModelFormat> formats, ByteSource file) {
            this.policy = policy;
            this.formats = formats;
            this.fileLength = file.length();
            this.scans = new Scans(file, policy);
        }

        ModelStructure structure(String format) {
            return new ModelStructure(format, operators, tensors, metadata);
        }

        /** Gives back private files of inflated content; the first failure counts. */
        @Override
        public void close() throws IOException {
            IOException failure = null;
            for (AutoCloseable resource : resources) {
                try {
                    resource.close();
                } catch (IOException e) {
                    failure = failure == null ? e : failure;
                } catch (Exception e) {
                    failure = failure == null ? new IOException(e) : failure;
                }
            }
            resources.clear();
            if (failure != null) {
                throw failure;
            }
        }

        /** Whether the file is lost already, so that rules about the whole would only add noise. */
        boolean refused() {
            return !rules.isEmpty();
        }
    }

    private final Shared shared;
    private final String location;
    private final int depth;

    Inspection(Shared shared, String location, int depth) {
        this.shared = shared;
        this.location = location;
        this.depth = depth;
    }

    /**
     * What the file may cost at most.
     *
     * @return the limits
     */
    public Limits limits() {
        return shared.policy.limits();
    }

    /**
     * Where in the file this is.
     *
     * @return names of entries, joined by {@code /}; empty for the file itself
     */
    public String location() {
        return location;
    }

    /**
     * How many containers this stands in.
     *
     * @return 0 for the file itself
     */
    public int depth() {
        return depth;
    }

    /**
     * Reports a finding and goes on.
     *
     * @param rule the rule that is broken
     * @param offset the byte at which, in this file or entry; below 0 for none
     * @param message what, rule, value
     */
    public void report(Rule rule, long offset, String message) {
        if (rule.effect() == Rule.Effect.REJECT || rule.effect() == Rule.Effect.CANNOT_INSPECT) {
            shared.rules.add(rule);
        }
        if (shared.findings.size() < MOST_FINDINGS) {
            shared.findings.add(new Finding(
                    rule.effect().severity(),
                    rule.code(),
                    message,
                    location,
                    offset < 0 ? OptionalLong.empty() : OptionalLong.of(offset),
                    rule.reference()));
        } else if (shared.findings.size() == MOST_FINDINGS) {
            shared.findings.add(Finding.of(
                    FileRules.MANY_FINDINGS.effect().severity(),
                    FileRules.MANY_FINDINGS.code(),
                    "there are more than " + MOST_FINDINGS + " findings",
                    location));
        }
    }

    /**
     * Ends the reading of this file or entry: {@code throw inspection.refuse(…)}.
     *
     * @param rule the rule that is broken
     * @param offset the byte at which; below 0 for none
     * @param message what, rule, value
     * @return what to throw
     */
    public IOException refuse(Rule rule, long offset, String message) {
        return new Refusal(rule, offset, message);
    }

    /**
     * Counts a unit of work; called in every loop of a reader.
     *
     * @throws IOException if there were more than the limits allow
     * @throws CancellationException if the thread is interrupted
     */
    public void step() throws IOException {
        if ((++shared.steps & 0xfff) == 0 && Thread.currentThread().isInterrupted()) {
            throw new CancellationException("interrupted while reading a model file");
        }
        if (shared.steps > limits().steps()) {
            throw new Refusal(
                    FileRules.TOO_MUCH_WORK, -1, "reading must take <= " + limits().steps() + " steps, takes more");
        }
    }

    /** Counts units of work that are done already. */
    void steps(long count) throws IOException {
        shared.steps += count;
        step();
    }

    /**
     * Tells of a name that the file uses; the policy decides.
     *
     * @param use what the name stands for
     * @param name the name, qualified
     * @param standing what the format knows of it
     * @param rule the rule that it breaks if the policy does not allow it
     * @param offset where it stands; below 0 for none
     * @param message for the finding: what would happen
     */
    public void uses(Use use, String name, Standing standing, Rule rule, long offset, String message) {
        SortedSet<String> names = shared.names.computeIfAbsent(use, u -> new TreeSet<>());
        if (names.size() < MOST_NAMES) {
            names.add(name);
        }
        shared.policy
                .judge(use, name, standing, rule)
                .ifPresent(broken -> report(
                        broken,
                        offset,
                        broken == VerificationPolicy.NAME
                                ? use.name().toLowerCase(Locale.ROOT) + " must be on the list of the policy, was "
                                        + Text.quote(name)
                                : message));
    }

    /**
     * Tells of an operator.
     *
     * @param operator the operator
     * @throws IOException if there were too many
     */
    public void operator(Operator operator) throws IOException {
        count(shared.operators, "operators");
        shared.operators.add(operator);
    }

    /**
     * Tells of a tensor, of which {@link #data} may follow.
     *
     * @param tensor the tensor
     * @throws IOException if there were too many
     */
    public void tensor(Tensor tensor) throws IOException {
        count(shared.tensors, "tensors");
        shared.tensors.add(tensor);
    }

    private void count(List<?> list, String what) throws IOException {
        step();
        if (list.size() >= limits().items()) {
            throw new Refusal(
                    FileRules.TOO_MANY, -1, "number of " + what + " must be <= " + limits().items() + ", is higher");
        }
    }

    /**
     * Has elements of a tensor scanned: in the one pass that also hashes, if they stand in the file as they are, else at
     * once.
     *
     * @param tensor one that was told
     * @param elements all or a part of its elements, whole blocks
     * @throws IOException if they cannot be read
     */
    public void data(Tensor tensor, ByteSource elements) throws IOException {
        shared.scans.add(tensor, location, elements);
    }

    /**
     * Tells what a reader may want to know of the file.
     *
     * @param key for example {@code onnx.opset}
     * @param value text of the file; quoted and shortened
     */
    public void metadata(String key, String value) {
        if (shared.metadata.size() < MOST_FINDINGS) {
            shared.metadata.put(key, Text.quote(value));
        }
    }

    /**
     * Keeps a listing as evidence, such as a decompiled program; at most 1 MiB of text for a file.
     *
     * @param text lines, already safe to print
     */
    public void listing(String text) {
        int room = MOST_LISTING - shared.listed;
        String kept = text.length() <= room ? text : text.substring(0, Math.max(0, room));
        shared.listed += kept.length();
        if (!kept.isEmpty()) {
            shared.listings.merge(location, kept, String::concat);
        }
    }

    /**
     * Counts bytes that an entry inflates to, before they are kept.
     *
     * @param bytes how many more
     * @throws IOException if there were more than the limits allow
     */
    void inflated(long bytes) throws IOException {
        shared.inflated += bytes;
        long most = Math.max(
                limits().inflatedBytes(),
                shared.fileLength > Long.MAX_VALUE / Limits.INFLATION
                        ? Long.MAX_VALUE
                        : shared.fileLength * Limits.INFLATION);
        if (shared.inflated > most) {
            throw new Refusal(
                    FileRules.TOO_LARGE,
                    -1,
                    "compressed entries must inflate to <= " + most + " bytes in all, inflate to more");
        }
    }

    /** What to close when the file is done. */
    void closeLater(AutoCloseable resource) {
        shared.resources.add(resource);
    }

    /** Where inflated entries are kept. */
    Spool spool() {
        return shared.spool;
    }

    /** The scans of this file: checksums of stored entries join the one pass there. */
    Scans scans() {
        return shared.scans;
    }

    /** The same, one level down: for an entry that the format reads itself. */
    Inspection entry(String name) throws IOException {
        step();
        if (++shared.entries > limits().entries()) {
            throw new Refusal(
                    FileRules.TOO_MANY, -1, "number of entries must be <= " + limits().entries() + ", is higher");
        }
        if (depth + 1 > limits().depth()) {
            throw new Refusal(
                    FileRules.TOO_DEEP, -1, "containers must be nested <= " + limits().depth() + " deep, are deeper");
        }
        return new Inspection(shared, location.isEmpty() ? name : location + "/" + name, depth + 1);
    }

    /** Reads content of a known format in this place; what is refused becomes a finding, and reading goes on behind it. */
    void read(ModelFormat format, ByteSource content) throws IOException {
        try {
            format.read(content, this);
        } catch (Refusal e) {
            report(e.rule(), e.offset(), String.valueOf(e.getMessage()));
        } catch (MalformedInputException e) {
            report(FileRules.MALFORMED, e.offset(), String.valueOf(e.getMessage()));
        }
    }

    /**
     * Recognises an entry of a container and reads it.
     *
     * @param name name of the entry
     * @param content its bytes
     * @return the name of its format; empty if it has none that is known, which is for the caller to judge
     * @throws IOException if there were too many entries, too deep, or the content cannot be read
     */
    Optional<String> nested(String name, ByteSource content) throws IOException {
        Inspection inner = entry(name);
        List<ModelFormat> claims = Recognition.of(name, content, inner, shared.formats);
        for (ModelFormat format : claims) {
            inner.read(format, content);
        }
        return claims.isEmpty() ? Optional.empty() : Optional.of(claims.get(0).name());
    }
}
