// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A name for the topology of a model: operators, edges, types and shapes of tensors. It does not depend on the names of
 * nodes, values and tensors, on their order in the file, nor on the values of parameters; another operator, another edge,
 * another order of inputs or another shape gives another fingerprint. Values of subgraphs that share a name count as one.
 *
 * <p>Definition: the hash of an operator is {@code H("operator", type, hashes of its inputs in order)}; that of an input
 * which is output {@code i} of an operator is {@code H("value", i, hash of the operator)}, where TensorFlow writes {@code
 * node:output} or {@code ^node} with that suffix as {@code i}, of a tensor {@code H("tensor",
 * type, shape)}, of an input left out {@code H("none")}, of anything else {@code H("input")}. The fingerprint is {@code H("topology", sorted hashes of all
 * operators and of all tensors)}, with {@code H} = SHA-256 over its parts, each preceded by its length in four bytes,
 * big-endian. Operators on a cycle, or behind one, begin with {@code H("loop", type)} and are hashed again 16 times, as in
 * the test of isomorphism of Weisfeiler and Leman (1968). Two graphs that differ only in sharing equal parts between
 * several readers are told apart by the number of parts, not by who reads which.
 */
public final class TopologyFingerprint {
    private static final Pattern FORM = Pattern.compile("topology:[0-9a-f]{64}");
    private static final int ROUNDS = 16;

    private final MessageDigest sha;
    private final List<Operator> operators;
    private final byte[][] hashes;
    private final Map<String, Integer> producer = new HashMap<>();
    private final Map<String, Integer> outputIndex = new HashMap<>();
    private final Map<String, byte[]> tensors = new HashMap<>();

    private TopologyFingerprint(ModelStructure structure) {
        try {
            sha = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
        operators = structure.operators();
        hashes = new byte[operators.size()][];
        for (int i = 0; i < operators.size(); i++) {
            Operator operator = operators.get(i);
            producer.putIfAbsent(operator.name(), i);
            outputIndex.putIfAbsent(operator.name(), 0);
        }
        for (int i = 0; i < operators.size(); i++) {
            List<String> outputs = operators.get(i).outputs();
            for (int o = 0; o < outputs.size(); o++) {
                producer.put(outputs.get(o), i);
                outputIndex.put(outputs.get(o), o);
            }
        }
        for (Tensor tensor : structure.tensors()) {
            tensors.put(tensor.name(), hash(tensor));
        }
    }

    /**
     * The fingerprint of a model.
     *
     * @param structure what a verified file holds
     * @return {@code topology:} and 64 hexadecimal digits
     */
    public static String of(ModelStructure structure) {
        return new TopologyFingerprint(structure).compute(structure);
    }

    static boolean isFingerprint(String text) {
        return FORM.matcher(text).matches();
    }

    private String compute(ModelStructure structure) {
        acyclic();
        cyclic();
        List<byte[]> parts = new ArrayList<>(Arrays.asList(hashes));
        for (Tensor tensor : structure.tensors()) {
            parts.add(hash(tensor));
        }
        parts.sort(Arrays::compareUnsigned);
        add("topology".getBytes(StandardCharsets.US_ASCII));
        parts.forEach(this::add);
        return "topology:" + HexFormat.of().formatHex(sha.digest());
    }

    /** Hashes operators in topological order; those on or behind a cycle stay without. */
    private void acyclic() {
        int[] missing = new int[hashes.length];
        List<List<Integer>> readers = new ArrayList<>();
        for (int i = 0; i < hashes.length; i++) {
            readers.add(new ArrayList<>());
        }
        for (int i = 0; i < hashes.length; i++) {
            for (String input : operators.get(i).inputs()) {
                Integer from = producer.containsKey(input) ? producer.get(input) : producer(input);
                if (from != null) {
                    missing[i]++;
                    readers.get(from).add(i);
                }
            }
        }
        ArrayDeque<Integer> ready = new ArrayDeque<>();
        for (int i = 0; i < hashes.length; i++) {
            if (missing[i] == 0) {
                ready.add(i);
            }
        }
        while (!ready.isEmpty()) {
            int i = ready.remove();
            hashes[i] = hash(operators.get(i), hashes);
            for (int reader : readers.get(i)) {
                if (--missing[reader] == 0) {
                    ready.add(reader);
                }
            }
        }
    }

    private void cyclic() {
        List<Integer> loop = new ArrayList<>();
        for (int i = 0; i < hashes.length; i++) {
            if (hashes[i] == null) {
                loop.add(i);
            }
        }
        for (int i : loop) {
            add("loop".getBytes(StandardCharsets.US_ASCII));
            add(operators.get(i).type().getBytes(StandardCharsets.UTF_8));
            hashes[i] = sha.digest();
        }
        for (int round = 0; round < ROUNDS && !loop.isEmpty(); round++) {
            byte[][] before = hashes.clone();
            for (int i : loop) {
                hashes[i] = hash(operators.get(i), before);
            }
        }
    }

    private byte[] hash(Operator operator, byte[][] of) {
        List<byte[]> inputs = new ArrayList<>();
        for (String input : operator.inputs()) {
            Integer from = producer.get(input);
            Integer node = from == null ? producer(input) : null;
            if (from != null) {
                add("value".getBytes(StandardCharsets.US_ASCII));
                add(ByteBuffer.allocate(4)
                        .putInt(outputIndex.getOrDefault(input, 0))
                        .array());
                add(of[from]);
                inputs.add(sha.digest());
            } else if (node != null) {
                add("value".getBytes(StandardCharsets.US_ASCII));
                add(suffix(input).getBytes(StandardCharsets.UTF_8));
                add(of[node]);
                inputs.add(sha.digest());
            } else if (tensors.containsKey(input)) {
                inputs.add(tensors.get(input));
            } else {
                add((input.isEmpty() ? "none" : "input").getBytes(StandardCharsets.US_ASCII));
                inputs.add(sha.digest());
            }
        }
        add("operator".getBytes(StandardCharsets.US_ASCII));
        add(operator.type().getBytes(StandardCharsets.UTF_8));
        inputs.forEach(this::add);
        return sha.digest();
    }

    /** The node of {@code node:output} or {@code ^node}, as TensorFlow writes edges; null if that is a tensor's name. */
    private @Nullable Integer producer(String input) {
        if (tensors.containsKey(input)) {
            return null;
        }
        int from = input.startsWith("^") ? 1 : 0;
        int colon = input.indexOf(':');
        return from == 0 && colon < 0 ? null : producer.get(input.substring(from, colon < 0 ? input.length() : colon));
    }

    private static String suffix(String input) {
        return input.startsWith("^") ? "^" : input.substring(input.indexOf(':'));
    }

    private byte[] hash(Tensor tensor) {
        add("tensor".getBytes(StandardCharsets.US_ASCII));
        add(tensor.type().name().getBytes(StandardCharsets.US_ASCII));
        ByteBuffer shape = ByteBuffer.allocate(8 * tensor.shape().size());
        tensor.shape().forEach(shape::putLong);
        add(shape.array());
        return sha.digest();
    }

    private void add(byte[] part) {
        sha.update(ByteBuffer.allocate(4).putInt(part.length).array());
        sha.update(part);
    }
}
