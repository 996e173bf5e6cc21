// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Hashtable;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JavaSerializationFormatTest {
    private static final class Own implements Serializable {
        private static final long serialVersionUID = 1L;
    }

    private interface Write {
        void to(ObjectOutputStream out) throws IOException;
    }

    private static byte[] stream(Write write) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            write.to(out);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static byte[] serialized(Object object) {
        return stream(out -> out.writeObject(object));
    }

    private interface Raw {
        void to(DataOutputStream out) throws IOException;
    }

    private static byte[] raw(Raw raw) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        try {
            out.writeInt(0xaced0005);
            raw.to(out);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void plain(DataOutputStream out, String name, int flags) throws IOException {
        out.writeByte(0x72);
        out.writeUTF(name);
        out.writeLong(1);
        out.writeByte(flags);
        out.writeShort(0);
        out.writeByte(0x78);
        out.writeByte(0x70);
    }

    private static void refused(byte[] bytes, String code) {
        Verified.refused(bytes, "m.ser", code);
    }

    // --- accepted ---

    static List<Object> plain() {
        Map<String, Integer> map = new HashMap<>();
        for (int i = 0; i < 100; i++) {
            map.put("k" + i, i);
        }
        Properties properties = new Properties();
        properties.setProperty("a", "b");
        Map<String, Object> nested = new LinkedHashMap<>();
        nested.put("weights", new float[] {1, 2, 3});
        nested.put("names", new String[] {"a", "b"});
        nested.put("more", new TreeMap<>(map));
        nested.put("big", new BigDecimal("3.14"));
        Map<Object, Object> itself = new HashMap<>();
        itself.put("self", itself);
        TreeSet<String> ordered = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        ordered.add("x");
        List<Object> same = new ArrayList<>();
        Set<String> shared = new HashSet<>(map.keySet());
        for (int i = 0; i < 1000; i++) {
            same.add(shared);
        }
        return List.of(
                "text",
                42,
                3.5,
                map,
                properties,
                nested,
                itself,
                ordered,
                same,
                new ArrayList<>(List.of(1, 2)),
                new LinkedList<>(List.of(1L, 2L)),
                new HashSet<>(List.of("a", "b")),
                new LinkedHashSet<>(List.of("a", "b")),
                new Hashtable<>(map),
                new IdentityHashMap<>(map),
                new ArrayDeque<>(List.of(1)),
                new PriorityQueue<>(List.of(3, 2)),
                new PriorityQueue<>(Collections.reverseOrder()),
                new ConcurrentHashMap<>(map),
                new CopyOnWriteArrayList<>(List.of("x")),
                Arrays.asList("a", "b"),
                List.of(1, 2, 3),
                Map.of("a", 1),
                Set.of("a"),
                Collections.unmodifiableMap(map),
                Collections.emptyList(),
                BitSet.valueOf(new long[] {5}),
                new Date(0),
                new UUID(1, 2),
                TimeUnit.DAYS,
                new double[][] {{1, 2}, {3}},
                new byte[100_000],
                "x".repeat(100_000));
    }

    @ParameterizedTest
    @MethodSource("plain")
    void read_plainObjects_accepted(Object object) {
        Verified.accepted(serialized(object), "m.ser");
    }

    @Test
    void read_severalObjectsAndBlocks_accepted() {
        byte[] bytes = stream(out -> {
            out.writeInt(3);
            out.writeObject("a");
            out.reset();
            out.writeObject(new float[] {1, 2});
            out.write(new byte[5000]);
            out.writeObject(null);
        });
        assertThat(Verified.accepted(bytes, "m.ser").structure().tensors())
                .extracting(Tensor::shape)
                .containsExactly(List.of(2L));
    }

    // --- classes ---

    @Test
    void read_classOnNoList_refused() {
        refused(serialized(new Own()), "java.class");
        refused(serialized(new ArrayList<>(List.of(new Own()))), "java.class");
        refused(serialized(new Own[0]), "java.class");
        refused(serialized(Own.class), "java.class");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "org.apache.commons.collections.functors.InvokerTransformer",
                "org.apache.commons.collections4.functors.ChainedTransformer",
                "com.sun.org.apache.xalan.internal.xsltc.trax.TemplatesImpl",
                "sun.reflect.annotation.AnnotationInvocationHandler",
                "org.apache.commons.beanutils.BeanComparator",
                "org.springframework.core.SerializableTypeWrapper$MethodInvokeTypeProvider",
                "org.codehaus.groovy.runtime.MethodClosure",
                "com.mchange.v2.c3p0.PoolBackedDataSource",
                "com.sun.rowset.JdbcRowSetImpl",
                "javax.management.BadAttributeValueExpException",
                "java.security.SignedObject",
                "java.net.URL",
                "java.rmi.server.UnicastRemoteObject",
                "java.lang.invoke.SerializedLambda",
                "clojure.inspector.proxy$javax.swing.table.AbstractTableModel$ff19274a",
                "[Lorg.mozilla.javascript.NativeError;"
            })
    void read_gadget_refused(String name) {
        boolean array = name.startsWith("[");
        refused(
                raw(out -> {
                    out.writeByte(array ? 0x75 : 0x73);
                    plain(out, name, 2);
                    if (array) {
                        out.writeInt(0);
                    }
                }),
                "java.gadget");
    }

    @Test
    void read_gadgetInOverlongUtf8_refused() {
        // "java.net.URL" with each letter in two bytes, as ObjectInputStream decodes it and filters by bytes do not.
        String name = "java.net.URL";
        refused(
                raw(out -> {
                    out.writeByte(0x73);
                    out.writeByte(0x72);
                    out.writeShort(2 * name.length());
                    for (char letter : name.toCharArray()) {
                        out.writeByte(0xc0 | letter >> 6);
                        out.writeByte(0x80 | letter & 0x3f);
                    }
                    out.writeLong(1);
                    out.writeByte(2);
                    out.writeShort(0);
                    out.writeByte(0x78);
                    out.writeByte(0x70);
                }),
                "java.gadget");
    }

    @Test
    void read_proxy_refused() {
        refused(
                raw(out -> {
                    out.writeByte(0x73);
                    out.writeByte(0x7d);
                    out.writeInt(1);
                    out.writeUTF("java.util.Map");
                    out.writeByte(0x78);
                    out.writeByte(0x70);
                }),
                "java.proxy");
    }

    @Test
    void read_annotatedClass_refused() {
        refused(
                raw(out -> {
                    out.writeByte(0x73);
                    out.writeByte(0x72);
                    out.writeUTF("java.lang.Number");
                    out.writeLong(1);
                    out.writeByte(2);
                    out.writeShort(0);
                    out.writeByte(0x74);
                    out.writeUTF("http://evil.example/classes/");
                    out.writeByte(0x78);
                    out.writeByte(0x70);
                }),
                "java.codebase");
    }

    // --- counts and work ---

    @Test
    void read_nestedHashSets_refused() {
        Set<Object> root = new HashSet<>();
        Set<Object> one = root;
        Set<Object> two = new HashSet<>();
        for (int i = 0; i < 25; i++) {
            Set<Object> left = new HashSet<>();
            Set<Object> right = new HashSet<>();
            left.add("foo");
            one.add(left);
            one.add(right);
            two.add(left);
            two.add(right);
            one = left;
            two = right;
        }
        // Built without hashing the whole again: from the leaves up it would take as long as the attack.
        refused(serialized(root), "java.hash-bomb");
    }

    @Test
    void read_sharedListsAsKey_refused() {
        List<Object> list = new ArrayList<>(List.of("x"));
        for (int i = 0; i < 40; i++) {
            list = new ArrayList<>(Arrays.asList(list, list));
        }
        byte[] key = serialized(list);
        refused(
                raw(out -> {
                    out.writeByte(0x73);
                    out.writeByte(0x72);
                    out.writeUTF("java.util.HashSet");
                    out.writeLong(1);
                    out.writeByte(3);
                    out.writeShort(0);
                    out.writeByte(0x78);
                    out.writeByte(0x70);
                    out.writeByte(0x77);
                    out.writeByte(12);
                    out.writeInt(16);
                    out.writeFloat(0.75f);
                    out.writeInt(1);
                    // Two handles are taken before.
                    for (int i = 4; i < key.length; i++) {
                        if (key[i] == 0x71 && key[i + 1] == 0 && key[i + 2] == 0x7e) {
                            out.writeByte(0x71);
                            out.writeInt(0x7e0000 + ((key[i + 3] & 0xff) << 8 | key[i + 4] & 0xff) + 2);
                            i += 4;
                        } else {
                            out.writeByte(key[i]);
                        }
                    }
                    out.writeByte(0x78);
                }),
                "java.hash-bomb");
    }

    @Test
    void read_hugeDeclaredCounts_refused() {
        byte[] list = serialized(new ArrayList<>(List.of("a")));
        refused(patched(list, new byte[] {0, 0, 0, 1, 0x77, 4}, new byte[] {0x7f, -1, -1, -1, 0x77, 4}), "java.count");
        byte[] map = serialized(new HashMap<>(Map.of("a", "b")));
        int block = indexOf(map, new byte[] {0x77, 8});
        byte[] mappings = map.clone();
        mappings[block + 6] = 0x40;
        refused(mappings, "java.count");
        byte[] capacity = map.clone();
        capacity[block + 2] = 0x40;
        refused(capacity, "java.count");
        byte[] array = serialized(new int[] {1});
        refused(
                patched(array, new byte[] {0, 0, 0, 1, 0, 0, 0, 1}, new byte[] {0x7f, -1, -1, -1, 0, 0, 0, 1}),
                "java.count");
    }

    private static int indexOf(byte[] bytes, byte[] part) {
        for (int i = 0; i <= bytes.length - part.length; i++) {
            if (Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
                return i;
            }
        }
        throw new AssertionError("the bytes must be there");
    }

    private static byte[] patched(byte[] bytes, byte[] from, byte[] to) {
        byte[] patched = bytes.clone();
        System.arraycopy(to, 0, patched, indexOf(bytes, from), to.length);
        return patched;
    }

    @Test
    void read_deepObjects_refused() {
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            list = new ArrayList<>(Collections.singletonList(list));
        }
        refused(serialized(list), "file.too-deep");
    }

    @Test
    void read_resetsWithoutEnd_refused() {
        refused(raw(out -> out.write(filled(100_000, 0x79))), "java.resets");
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void read_longStringBeyondEnd_refused() {
        refused(
                raw(out -> {
                    out.writeByte(0x7c);
                    out.writeLong(Long.MAX_VALUE);
                }),
                "file.truncated");
    }

    // --- grammar ---

    @Test
    void read_secondStreamOrTail_refused() {
        byte[] one = serialized("a");
        byte[] two = Arrays.copyOf(one, one.length * 2);
        System.arraycopy(one, 0, two, one.length, one.length);
        refused(two, "java.second-stream");
        refused(Arrays.copyOf(one, one.length + 1), "java.second-stream");
    }

    @Test
    void read_referenceAhead_refused() {
        refused(
                raw(out -> {
                    out.writeByte(0x71);
                    out.writeInt(0x7e0000);
                }),
                "java.malformed");
    }

    @Test
    void read_classThatIsItsOwnParent_refused() {
        refused(
                raw(out -> {
                    out.writeByte(0x73);
                    out.writeByte(0x72);
                    out.writeUTF("java.lang.Number");
                    out.writeLong(1);
                    out.writeByte(2);
                    out.writeShort(0);
                    out.writeByte(0x78);
                    out.writeByte(0x71);
                    out.writeInt(0x7e0000);
                }),
                "java.malformed");
    }

    @Test
    void read_externalizableOfVersionOne_uninspected() {
        Verified.uninspected(
                raw(out -> {
                    out.writeByte(0x73);
                    plain(out, "java.time.Ser", 4);
                    out.writeInt(7);
                }),
                "m.ser",
                "java.externalizable");
    }

    @Test
    void read_anyBeginning_notAccepted() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("a", new double[] {1, 2});
        map.put("b", new ArrayList<>(List.of("x", 2)));
        Verified.truncated(serialized(map), "m.ser", 1);
    }

    @Test
    void read_mutatedStream_answered() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("a", new double[] {1, 2});
        map.put("b", new TreeMap<>(Map.of("x", 2)));
        map.put("c", new HashSet<>(Set.of(TimeUnit.DAYS)));
        Verified.mutated(serialized(map), "m.ser", 1500, 4);
    }
}
