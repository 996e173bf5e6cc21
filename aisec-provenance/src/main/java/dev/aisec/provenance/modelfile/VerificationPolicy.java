// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What a model file may hold. Immutable. Default-deny: a name that is on no list is refused, and so is whatever cannot be
 * inspected. {@link PolicyJson} reads and writes policies; {@link #learnFrom} makes one of files that are known to be good.
 *
 * <p>A policy bounds what a file can do to the program that loads it. It cannot tell a good model from a bad one of the
 * same shape: a backdoor in the weights passes every rule.
 *
 * @param limits what a file may cost at most
 * @param tolerant whether unknown layers and operators, and numbers that are not finite, are warnings instead of refusals;
 *     what would run code, and what is malformed, is refused in any case
 * @param names names that are allowed beyond those that the formats know, or instead of them
 * @param ranges what numbers may be; tensors that match none of them must be finite
 * @param structure formats, names of nodes, sizes, topologies
 * @param signed whether only content is accepted whose digest a verified signature covers
 */
public record VerificationPolicy(
        Limits limits,
        boolean tolerant,
        List<NameList> names,
        List<ParameterRange> ranges,
        StructureRules structure,
        boolean signed) {
    static final Rule NAME = Rule.reject(
            "policy.name", "The file uses a name that the policy does not list, though the format knows it.", "");
    static final Rule FORMAT = Rule.reject("policy.format", "The policy does not allow files of this format.", "");
    static final Rule NODE_NAME = Rule.reject(
            "policy.node-name", "The name of an operator or tensor does not match the policy's pattern.", "");
    static final Rule SHAPE =
            Rule.reject("policy.shape", "A tensor has more axes or elements than the policy allows.", "");
    static final Rule TOPOLOGY =
            Rule.reject("policy.topology", "Operators, edges or shapes are not those that the policy knows.", "");
    static final Rule UNSIGNED =
            Rule.reject("policy.unsigned", "The policy demands a signature, and no verified one covers the file.", "");
    static final Rule RANGE = Rule.reject("policy.range", "A parameter is outside the range of the policy.", "");
    static final Rule OUTLIER =
            Rule.reject("policy.outlier", "A parameter is further from the median than the policy allows.", "");

    private static final int MOST_NAME = 1024;
    private static final long MOST_LOOKS = 1_000_000;

    static final List<Rule> RULES = List.of(NAME, FORMAT, NODE_NAME, SHAPE, TOPOLOGY, UNSIGNED, RANGE, OUTLIER);

    /** Copies the lists. */
    public VerificationPolicy {
        names = List.copyOf(names);
        ranges = List.copyOf(ranges);
    }

    /**
     * Refuses whatever is unknown and every number that is not finite.
     *
     * @return the policy
     */
    public static VerificationPolicy strict() {
        return new VerificationPolicy(Limits.standard(), false, List.of(), List.of(), StructureRules.any(), false);
    }

    /**
     * Warns of unknown layers and operators and of numbers that are not finite. What would run code, and what is malformed,
     * stays refused.
     *
     * @return the policy
     */
    public static VerificationPolicy permissive() {
        return new VerificationPolicy(Limits.standard(), true, List.of(), List.of(), StructureRules.any(), false);
    }

    /**
     * A policy that accepts files like those that are known to be good: their formats, names and topologies and no others,
     * tensors of at most their sizes, files a quarter longer, and numbers within the range of the tensor of that name with
     * half its width on each side. Models of other topologies, and fine-tuning that moves weights further, are refused; then
     * change the policy, it is JSON.
     *
     * @param good reports of accepted files
     * @return the policy
     * @throws IllegalArgumentException if there is none, or one that is not accepted
     */
    public static VerificationPolicy learnFrom(List<ModelReport> good) {
        return PolicyLearner.learn(good);
    }

    VerificationPolicy withListsOf(List<NameList> lists) {
        return new VerificationPolicy(limits, tolerant, lists, ranges, structure, signed);
    }

    /**
     * The same policy with other limits.
     *
     * @param other the limits
     * @return the policy
     */
    public VerificationPolicy withLimits(Limits other) {
        return new VerificationPolicy(other, tolerant, names, ranges, structure, signed);
    }

    /**
     * The same policy with more names.
     *
     * @param use what the names stand for
     * @param more names to allow as well
     * @return the policy
     */
    public VerificationPolicy allow(Use use, String... more) {
        return withNames(new NameList(use, false, new TreeSet<>(List.of(more))));
    }

    /**
     * The same policy with one more list of names.
     *
     * @param list the list
     * @return the policy
     */
    public VerificationPolicy withNames(NameList list) {
        List<NameList> lists = new ArrayList<>(names);
        lists.add(list);
        return new VerificationPolicy(limits, tolerant, lists, ranges, structure, signed);
    }

    /**
     * The same policy with other ranges of numbers.
     *
     * @param other the ranges; of several that match a tensor the first counts
     * @return the policy
     */
    public VerificationPolicy withRanges(List<ParameterRange> other) {
        return new VerificationPolicy(limits, tolerant, names, other, structure, signed);
    }

    /**
     * The same policy with other rules of structure.
     *
     * @param other the rules
     * @return the policy
     */
    public VerificationPolicy withStructure(StructureRules other) {
        return new VerificationPolicy(limits, tolerant, names, ranges, other, signed);
    }

    /**
     * The same policy, with or without a demand for a signature.
     *
     * @param demanded whether only content is accepted whose digest a verified signature covers
     * @return the policy
     */
    public VerificationPolicy withSigned(boolean demanded) {
        return new VerificationPolicy(limits, tolerant, names, ranges, structure, demanded);
    }

    /** What the use of a name means, under which rule; empty if it is allowed. The format's own rule is the usual one. */
    Optional<Rule> judge(Use use, String name, Standing standing, Rule own) {
        boolean only = false;
        boolean listed = false;
        boolean exactly = false;
        for (NameList list : names) {
            if (list.use() == use) {
                only |= list.only();
                listed |= list.allows(name);
                exactly |= list.names().contains(name);
            }
        }
        return switch (standing) {
            case KNOWN -> only && !listed ? Optional.of(NAME) : Optional.empty();
            case DANGEROUS -> exactly ? Optional.empty() : Optional.of(own.as(Rule.Effect.REJECT));
            case UNKNOWN -> {
                if (listed) {
                    yield Optional.empty();
                }
                boolean warn = tolerant && !only && use != Use.GLOBAL;
                yield Optional.of(warn ? own.as(Rule.Effect.WARN) : own);
            }
        };
    }

    /** Checks what a file as a whole holds. */
    void judge(ModelStructure model, Inspection inspection) {
        if (!structure.formats().isEmpty() && !structure.formats().contains(model.format())) {
            inspection.report(FORMAT, -1, "format must be one of " + structure.formats() + ", was " + model.format());
        }
        structure.nodeNames().ifPresent(expression -> names(model, Pattern.compile(expression), inspection));
        shapes(model, inspection);
        SortedSet<String> known = structure.fingerprints();
        if (!known.isEmpty()) {
            String fingerprint = TopologyFingerprint.of(model);
            if (!known.contains(fingerprint)) {
                inspection.report(TOPOLOGY, -1, "topology must be one of " + known + ", was " + fingerprint);
            }
        }
    }

    /** Checks that a signature covers the content. */
    void judgeSignature(String digest, Set<String> covered, Inspection inspection) {
        if (signed && !covered.contains(digest)) {
            inspection.report(
                    UNSIGNED,
                    -1,
                    covered.isEmpty()
                            ? "a verified signature must cover the file, there is none"
                            : "a verified signature must cover " + digest + ", it covers other content");
        }
    }

    private static void names(ModelStructure model, Pattern pattern, Inspection inspection) {
        long[] looks = {1000 * MOST_LOOKS};
        List<String> all = new ArrayList<>();
        model.operators().forEach(o -> all.add(o.name()));
        model.tensors().forEach(t -> all.add(t.name()));
        for (String name : all) {
            if (!name.isEmpty() && !matches(pattern, name, looks)) {
                inspection.report(
                        NODE_NAME,
                        -1,
                        "names of nodes must match " + Text.quote(pattern.pattern()) + ", was " + Text.quote(name));
            }
        }
    }

    /**
     * Whether a name matches, found with bounded work: names are hostile, and an expression can take exponential time or
     * a deep stack for some. A name that is too long, or takes too much, does not match.
     */
    private static boolean matches(Pattern pattern, String name, long[] all) {
        if (name.length() > MOST_NAME) {
            return false;
        }
        try {
            return pattern.matcher(new Metered(name, new long[] {MOST_LOOKS}, all))
                    .matches();
        } catch (TooMuchException | StackOverflowError e) {
            return false;
        }
    }

    /** Text that can be looked at only so often. */
    private record Metered(String text, long[] own, long[] all) implements CharSequence {
        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            if (--own[0] < 0 || --all[0] < 0) {
                throw new TooMuchException();
            }
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final class TooMuchException extends RuntimeException {
        private static final long serialVersionUID = 1;

        TooMuchException() {
            super("too much work", null, false, false);
        }
    }

    private void shapes(ModelStructure model, Inspection inspection) {
        long elements = 0;
        for (Tensor tensor : model.tensors()) {
            if (tensor.shape().size() > structure.rank()) {
                inspection.report(
                        SHAPE,
                        -1,
                        "tensors must have <= " + structure.rank() + " axes, " + Text.quote(tensor.name()) + " has "
                                + tensor.shape().size());
            }
            for (long size : tensor.shape()) {
                if (size > structure.dimension()) {
                    inspection.report(
                            SHAPE,
                            -1,
                            "axes must have <= " + structure.dimension() + " elements, one of "
                                    + Text.quote(tensor.name()) + " has " + size);
                }
            }
            long more;
            try {
                more = tensor.elements();
            } catch (ArithmeticException e) {
                more = Long.MAX_VALUE;
            }
            elements = more > Long.MAX_VALUE - elements ? Long.MAX_VALUE : elements + more;
        }
        if (elements > structure.elements()) {
            inspection.report(
                    SHAPE,
                    -1,
                    "all tensors together must have <= " + structure.elements() + " elements, have " + elements);
        }
    }

    /** What the numbers of a tensor break. */
    List<ParameterRules.Broken> parameters(ParameterRange range, Tensor tensor, ParameterStatistics statistics) {
        return ParameterRules.judge(range, tolerant, tensor, statistics);
    }
}
