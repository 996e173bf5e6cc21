// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One walk through a stream of Java serialization. For each object it computes the work that {@code hashCode} of it would
 * take: one, and that of all it holds, shared parts as often as they are reached.
 */
final class JavaStream {
    static final Rule MALFORMED =
            Rule.reject("java.malformed", "The stream does not follow the grammar of Java serialization.", "CWE-20");
    static final Rule CLASS = Rule.reject(
            "java.class", "Reading the stream creates an object of a class that is not on the list.", "CWE-502");
    static final Rule GADGET = Rule.reject(
            "java.gadget", "The stream holds a class that is known from attacks by deserialization.", "CWE-502");
    static final Rule PROXY = Rule.reject(
            "java.proxy", "The stream holds a dynamic proxy, the joint of most attacks by deserialization.", "CWE-502");
    static final Rule CODEBASE = Rule.reject(
            "java.codebase", "A class is annotated, as RMI does with the address to load it from.", "CWE-829");
    static final Rule COUNT = Rule.reject(
            "java.count",
            "A collection declares more or fewer elements than it has: memory is allocated by it.",
            "CWE-789");
    static final Rule HASH_BOMB =
            Rule.reject("java.hash-bomb", "Hashing the content would take exponential time (SerialDOS).", "CWE-407");
    static final Rule RESETS = Rule.reject("java.resets", "The stream resets its handles without end.", "CWE-400");
    static final Rule SECOND = Rule.reject(
            "java.second-stream", "Something follows the stream, so two readers can see two contents.", "CWE-436");
    static final Rule EXTERNALIZABLE = Rule.cannotInspect(
            "java.externalizable", "Data of an externalizable class in protocol version 1 has no bounds.", "");

    static final List<Rule> RULES =
            List.of(MALFORMED, CLASS, GADGET, PROXY, CODEBASE, COUNT, HASH_BOMB, RESETS, SECOND, EXTERNALIZABLE);

    private static final int MOST_RESETS = 1000;
    private static final int MOST_FIELDS = 4096;
    private static final int MOST_SUPERS = 100;
    private static final int MOST_NAME = 4096;
    private static final int MOST_NAMES = 1 << 23;
    private static final long OPEN = -1;
    private static final long HUGE = Long.MAX_VALUE / 4;

    private record Field(char type, String name) {}

    private static final class Desc {
        String name = "";
        int flags;
        List<Field> fields = List.of();

        @Nullable
        Desc parent;

        boolean complete;
    }

    /** What a class wrote beside its fields. */
    private static final class Annotation {
        final byte[] head = new byte[16];
        long bytes;
        long objects;
        long evenWork;
        long work;
    }

    private static final Set<String> KNOWN = new HashSet<>();

    static {
        for (String name :
                ("lang.Object lang.String lang.Boolean lang.Byte lang.Character lang.Short lang.Integer lang.Long"
                                + " lang.Float lang.Double lang.Number lang.Enum lang.StringBuilder lang.StringBuffer"
                                + " math.BigInteger math.BigDecimal math.MathContext math.RoundingMode"
                                + " util.ArrayList util.LinkedList util.Arrays$ArrayList util.HashMap util.LinkedHashMap"
                                + " util.TreeMap util.HashSet util.LinkedHashSet util.TreeSet util.Hashtable util.Properties"
                                + " util.Vector util.Stack util.ArrayDeque util.PriorityQueue util.BitSet util.Date util.UUID"
                                + " util.Locale util.EnumMap util.IdentityHashMap util.CollSer util.Random"
                                + " util.AbstractMap$SimpleEntry util.AbstractMap$SimpleImmutableEntry"
                                + " util.Collections$EmptyList util.Collections$EmptySet util.Collections$EmptyMap"
                                + " util.Collections$SingletonList util.Collections$SingletonSet util.Collections$SingletonMap"
                                + " util.Collections$UnmodifiableCollection util.Collections$UnmodifiableList"
                                + " util.Collections$UnmodifiableRandomAccessList util.Collections$UnmodifiableSet"
                                + " util.Collections$UnmodifiableSortedSet util.Collections$UnmodifiableMap"
                                + " util.Collections$UnmodifiableSortedMap util.Collections$SynchronizedCollection"
                                + " util.Collections$SynchronizedList util.Collections$SynchronizedRandomAccessList"
                                + " util.Collections$SynchronizedSet util.Collections$SynchronizedMap"
                                + " util.Collections$SetFromMap util.Collections$ReverseComparator util.Collections$CopiesList"
                                + " util.Comparators$NaturalOrderComparator lang.String$CaseInsensitiveComparator"
                                + " util.concurrent.ConcurrentHashMap util.concurrent.ConcurrentHashMap$Segment"
                                + " util.concurrent.CopyOnWriteArrayList util.concurrent.CopyOnWriteArraySet"
                                + " util.concurrent.ConcurrentLinkedQueue util.concurrent.ConcurrentSkipListMap"
                                + " util.concurrent.locks.ReentrantLock util.concurrent.locks.ReentrantLock$Sync"
                                + " util.concurrent.locks.ReentrantLock$NonfairSync util.concurrent.locks.ReentrantLock$FairSync"
                                + " util.concurrent.locks.AbstractQueuedSynchronizer"
                                + " util.concurrent.locks.AbstractOwnableSynchronizer util.concurrent.atomic.AtomicInteger"
                                + " util.concurrent.atomic.AtomicLong util.concurrent.atomic.AtomicBoolean time.Ser"
                                + " util.concurrent.TimeUnit time.DayOfWeek time.Month")
                        .split(" ")) {
            KNOWN.add("java." + name);
        }
    }

    /** Packages and classes of the gadget chains of ysoserial, marshalsec and later ones, and what runs or connects. */
    private static final List<String> GADGETS =
            List.of(("org.apache.commons.collections org.apache.commons.beanutils. org.apache.commons.fileupload."
                            + " org.apache.commons.io. org.apache.commons.dbcp org.apache.commons.configuration"
                            + " org.apache.commons.jelly. org.apache.commons.logging. org.apache.xalan. org.apache.xbean."
                            + " org.apache.myfaces. org.apache.wicket. org.apache.click. org.apache.openjpa."
                            + " org.apache.tomcat. org.apache.catalina. org.apache.velocity. org.apache.naming."
                            + " org.apache.shiro. org.apache.struts org.apache.ibatis. org.apache.batik."
                            + " com.sun. sun. jdk. java.rmi. java.net. java.beans. java.awt. java.nio.channels."
                            + " java.lang.reflect. java.lang.invoke. java.lang.Runtime java.lang.Process"
                            + " java.lang.ClassLoader java.lang.Thread java.lang.System java.security. java.util.logging."
                            + " java.util.ServiceLoader java.util.jar. java.util.zip. java.util.PropertyResourceBundle"
                            + " javax.management. javax.naming. javax.swing. javax.script. javax.sql. javax.crypto."
                            + " javax.el. javax.activation. javax.mail. javax.imageio. javax.media. javax.xml."
                            + " jakarta.el. com.mchange. org.springframework. org.codehaus.groovy. org.codehaus.janino."
                            + " groovy. clojure. org.python. org.mozilla.javascript. org.hibernate. com.rometools."
                            + " org.jboss. org.javassist. javassist. com.vaadin. bsh. org.aspectj. com.alibaba."
                            + " com.fasterxml.jackson.databind. com.fasterxml.jackson.core. ysoserial. marshalsec."
                            + " com.caucho. org.eclipse. oracle. com.ibm. com.zaxxer. net.sf. freemarker. scala."
                            + " org.omg. com.bea. weblogic. com.tangosol. com.atomikos. org.quartz. ch.qos.logback."
                            + " org.slf4j. org.jruby. org.jython. org.thymeleaf. com.nqadmin. com.teradata. com.unboundid."
                            + " org.htmlparser. com.google.inject. com.thoughtworks. com.opensymphony. ognl. org.mvel"
                            + " org.postgresql. com.mysql. org.h2. org.apache.log4j. org.apache.logging.")
                    .split(" "));

    private final ByteSource source;
    private final Inspection inspection;
    private final Cursor c;
    private final Set<String> judged = new HashSet<>();
    private long[] works = new long[64];
    private @Nullable Object[] values = new @Nullable Object[64];
    private int handles;
    private long objects;
    private long hashWork;
    private int resets;
    private int arrays;
    private long names;

    JavaStream(ByteSource source, Inspection inspection) {
        this.source = source;
        this.inspection = inspection;
        this.c = new Cursor(source);
    }

    void read() throws IOException {
        if (c.u16be() != 0xaced || c.u16be() != 5) {
            throw malformed(0, "a stream must begin with AC ED 00 05");
        }
        if (c.remaining() == 0) {
            throw malformed(4, "a stream must have content, has none");
        }
        while (c.remaining() > 0) {
            inspection.step();
            long at = c.position();
            int code = c.u8();
            switch (code) {
                case 0x77, 0x7a -> block(code, new Annotation());
                case 0x79 -> {
                    if (++resets > MOST_RESETS) {
                        throw new Refusal(RESETS, at, "resets must be <= " + MOST_RESETS + ", are more");
                    }
                    Arrays.fill(values, 0, handles, null);
                    handles = 0;
                }
                default -> {
                    if (code < 0x70 || code > 0x7e || code == 0x78) {
                        throw new Refusal(
                                SECOND,
                                at,
                                String.format("a stream must be the whole content, is followed by %02x", code));
                    }
                    object(code, at, 0);
                }
            }
        }
        long most = 100_000 + 16 * objects;
        if (hashWork > most) {
            throw new Refusal(
                    HASH_BOMB,
                    -1,
                    "hashing the content must take <= " + most + " steps, takes "
                            + (hashWork >= HUGE ? "no end" : hashWork));
        }
    }

    private IOException malformed(long at, String message) {
        return new Refusal(MALFORMED, at, message);
    }

    // --- handles ---

    private int handle(@Nullable Object value, long work) throws IOException {
        if (handles == works.length) {
            works = Arrays.copyOf(works, handles * 2);
            values = Arrays.copyOf(values, handles * 2);
        }
        if (handles >= inspection.limits().items()) {
            throw new Refusal(
                    FileRules.TOO_MANY,
                    c.position(),
                    "number of objects must be <= " + inspection.limits().items() + ", is higher");
        }
        objects++;
        works[handles] = work;
        values[handles] = value;
        return handles++;
    }

    private int reference(long at) throws IOException {
        long number = (c.i32be() & 0xffffffffL) - 0x7e0000;
        if (number < 0 || number >= handles) {
            throw malformed(at, "a reference must be to one of " + handles + " objects, was to " + number);
        }
        return (int) number;
    }

    private static long add(long a, long b) {
        return Math.min(HUGE, a + b);
    }

    // --- objects; each returns the work of hashing it ---

    private long object(int code, long at, int depth) throws IOException {
        inspection.step();
        if (depth > inspection.limits().depth()) {
            throw new Refusal(
                    FileRules.TOO_DEEP,
                    at,
                    "objects must be nested <= " + inspection.limits().depth() + " deep, are deeper");
        }
        switch (code) {
            case 0x70 -> {
                return 1;
            }
            case 0x71 -> {
                long work = works[reference(at)];
                return work == OPEN ? HUGE : work;
            }
            case 0x72, 0x7d -> {
                desc(code, at, depth);
                return 1;
            }
            case 0x73 -> {
                return instance(at, depth);
            }
            case 0x74, 0x7c -> {
                string(code);
                return 1;
            }
            case 0x75 -> {
                return array(at, depth);
            }
            case 0x76 -> {
                desc(c.u8(), at, depth);
                handle(null, 1);
                return 1;
            }
            case 0x7e -> {
                desc(c.u8(), at, depth);
                int handle = handle(null, 1);
                int name = c.u8();
                if (name != 0x74 && name != 0x71) {
                    throw malformed(at, "a constant of an enumeration must have a name");
                }
                object(name, at, depth + 1);
                return works[handle];
            }
            case 0x7b -> throw malformed(at, "a stream must be whole, its writer failed with an exception");
            default -> throw malformed(at, String.format("an object must begin with a code in 70..7e, was %02x", code));
        }
    }

    private void string(int code) throws IOException {
        long length = code == 0x74 ? c.u16be() : c.i64be();
        if (length < 0) {
            throw malformed(c.position(), "length of a string must be >= 0, was " + length);
        }
        c.skip(length);
        handle(null, 1);
    }

    private long instance(long at, int depth) throws IOException {
        Desc desc = desc(c.u8(), at, depth);
        if (desc == null) {
            throw malformed(at, "an object must have a class, has none");
        }
        if ((desc.flags & 0x10) != 0) {
            throw malformed(at, "a constant of an enumeration must not be an object");
        }
        if (desc.name.startsWith("[")) {
            throw malformed(at, "an array must not be an object");
        }
        int handle = handle(null, OPEN);
        ArrayDeque<Desc> chain = new ArrayDeque<>();
        for (Desc d = desc; d != null; d = d.parent) {
            chain.push(d);
        }
        long work = 1;
        for (Desc d : chain) {
            work = add(work, part(d, at, depth));
        }
        works[handle] = work;
        return work;
    }

    private long part(Desc desc, long at, int depth) throws IOException {
        Annotation annotation = new Annotation();
        Map<String, Long> numbers = new HashMap<>();
        long work = 0;
        if ((desc.flags & 4) != 0) {
            if ((desc.flags & 8) == 0) {
                throw new Refusal(
                        EXTERNALIZABLE, at, "data of " + Text.quote(desc.name) + " must be in blocks, is not");
            }
            annotation(annotation, depth);
        } else if ((desc.flags & 2) != 0) {
            for (Field field : desc.fields) {
                long place = c.position();
                switch (field.type) {
                    case 'B', 'Z' -> c.skip(1);
                    case 'C', 'S' -> c.skip(2);
                    case 'I' -> numbers.put(field.name, (long) c.i32be());
                    case 'F' -> c.skip(4);
                    case 'D', 'J' -> c.skip(8);
                    default -> work = add(work, object(c.u8(), place, depth + 1));
                }
            }
            if ((desc.flags & 1) != 0) {
                annotation(annotation, depth);
            }
        }
        collection(desc.name, numbers, annotation, at);
        return add(work, annotation.work);
    }

    private void annotation(Annotation annotation, int depth) throws IOException {
        while (true) {
            inspection.step();
            long at = c.position();
            int code = c.u8();
            switch (code) {
                case 0x78 -> {
                    return;
                }
                case 0x77, 0x7a -> block(code, annotation);
                default -> {
                    long work = object(code, at, depth + 1);
                    if (annotation.objects++ % 2 == 0) {
                        annotation.evenWork = add(annotation.evenWork, work);
                    }
                    annotation.work = add(annotation.work, work);
                }
            }
        }
    }

    private void block(int code, Annotation annotation) throws IOException {
        long at = c.position();
        long length = code == 0x77 ? c.u8() : c.i32be();
        if (length < 0) {
            throw malformed(at, "length of a block must be >= 0, was " + length);
        }
        long end = c.position() + length;
        source.window(c.position(), length);
        while (annotation.bytes < annotation.head.length && c.position() < end) {
            annotation.head[(int) annotation.bytes++] = (byte) c.u8();
        }
        annotation.bytes += end - c.position();
        c.position(end);
    }

    private long array(long at, int depth) throws IOException {
        Desc desc = desc(c.u8(), at, depth);
        if (desc == null || desc.name.length() < 2 || desc.name.charAt(0) != '[') {
            throw malformed(at, "an array must have an array class");
        }
        int handle = handle(null, OPEN);
        long place = c.position();
        long count = c.i32be();
        ElementType type = null;
        int width = switch (desc.name.charAt(1)) {
            case 'B', 'Z' -> 1;
            case 'C', 'S' -> 2;
            case 'F' -> {
                type = ElementType.F32;
                yield 4;
            }
            case 'I' -> 4;
            case 'D' -> {
                type = ElementType.F64;
                yield 8;
            }
            case 'J' -> 8;
            case 'L', '[' -> 0;
            default -> throw malformed(at, "type of an array must be known, was " + Text.quote(desc.name));
        };
        if (count < 0 || count > c.remaining() / Math.max(1, width)) {
            throw new Refusal(
                    COUNT,
                    place,
                    "length of an array must be in [0, " + c.remaining() / Math.max(1, width) + "], was " + count);
        }
        long work = 1;
        if (width == 0) {
            for (long i = 0; i < count; i++) {
                long element = c.position();
                work = add(work, object(c.u8(), element, depth + 1));
            }
        } else {
            ByteSource elements = c.take(count * width);
            if (type != null && count > 0) {
                Tensor tensor = new Tensor(
                        "array-" + arrays++, type, ByteOrder.BIG_ENDIAN, List.of(count), Tensor.Role.PARAMETER);
                inspection.tensor(tensor);
                inspection.data(tensor, elements);
            }
        }
        works[handle] = work;
        return work;
    }

    // --- collections: declared counts, work of hashing ---

    private void collection(String name, Map<String, Long> numbers, Annotation a, long at) throws IOException {
        Cursor head = new Cursor(ByteSource.of(a.head));
        switch (name) {
            case "java.util.HashMap", "java.util.Hashtable" -> {
                bounded(name, a, 8, at);
                capacity(name, head.i32be(), a.objects / 2, at);
                count(name, head.i32be(), 2, a, at);
                hashWork = add(hashWork, a.evenWork);
            }
            case "java.util.HashSet" -> {
                bounded(name, a, 12, at);
                capacity(name, head.i32be(), a.objects, at);
                head.skip(4);
                count(name, head.i32be(), 1, a, at);
                hashWork = add(hashWork, a.work);
            }
            case "java.util.CollSer" -> {
                bounded(name, a, 4, at);
                count(name, head.i32be(), 1, a, at);
                hashWork = add(hashWork, a.work);
            }
            case "java.util.concurrent.ConcurrentHashMap" -> hashWork = add(hashWork, a.evenWork);
            case "java.util.IdentityHashMap" -> {
                bounded(name, a, 4, at);
                count(name, head.i32be(), 2, a, at);
            }
            case "java.util.ArrayDeque", "java.util.LinkedList", "java.util.concurrent.CopyOnWriteArrayList" -> {
                bounded(name, a, 4, at);
                count(name, head.i32be(), 1, a, at);
            }
            case "java.util.ArrayList", "java.util.PriorityQueue" -> {
                bounded(name, a, 4, at);
                capacity(name, head.i32be(), a.objects, at);
                count(name, numbers.getOrDefault("size", 0L), 1, a, at);
            }
            case "java.util.TreeMap" -> {
                bounded(name, a, 4, at);
                count(name, head.i32be(), 2, a, at);
                hashWork = add(hashWork, a.evenWork);
            }
            case "java.util.TreeSet" -> {
                // A comparator comes before the number of elements.
                bounded(name, a, 4, at);
                if (head.i32be() != a.objects - 1) {
                    throw new Refusal(COUNT, at, "a TreeSet must have as many elements as it says");
                }
                hashWork = add(hashWork, a.work);
            }
            case "java.util.Collections$CopiesList" -> capacity(name, numbers.getOrDefault("n", 0L), 0, at);
            default -> {}
        }
    }

    private static void bounded(String name, Annotation a, int bytes, long at) throws IOException {
        if (a.bytes != bytes) {
            throw new Refusal(
                    MALFORMED, at, Text.quote(name) + " must write " + bytes + " bytes of its own, wrote " + a.bytes);
        }
    }

    private static void count(String name, long declared, int each, Annotation a, long at) throws IOException {
        if (declared < 0 || declared * each != a.objects) {
            throw new Refusal(
                    COUNT,
                    at,
                    Text.quote(name) + " must have as many elements as it says, " + declared + ", has "
                            + a.objects / each);
        }
    }

    private static void capacity(String name, long declared, long elements, long at) throws IOException {
        if (declared < 0 || declared > Math.max(1 << 20, 16 * elements)) {
            throw new Refusal(
                    COUNT,
                    at,
                    "capacity of " + Text.quote(name) + " must fit its " + elements + " elements, was " + declared);
        }
    }

    // --- classes ---

    private @Nullable Desc desc(int code, long at, int depth) throws IOException {
        inspection.step();
        if (depth > inspection.limits().depth()) {
            throw new Refusal(
                    FileRules.TOO_DEEP,
                    at,
                    "classes must be nested <= " + inspection.limits().depth() + " deep, are deeper");
        }
        return switch (code) {
            case 0x70 -> null;
            case 0x71 -> {
                if (values[reference(at)] instanceof Desc desc && desc.complete) {
                    yield desc;
                }
                throw malformed(at, "a reference to a class must be to one");
            }
            case 0x72 -> plain(at, depth);
            case 0x7d -> proxy(at, depth);
            default -> throw malformed(at, String.format("a class must begin with 70, 71, 72 or 7d, was %02x", code));
        };
    }

    private Desc plain(long at, int depth) throws IOException {
        Desc desc = new Desc();
        desc.name = utf();
        c.skip(8);
        handle(desc, 1);
        desc.flags = c.u8();
        if ((desc.flags & 6) == 6 || (desc.flags & 0xe0) != 0 || (desc.flags & 4) != 0 && (desc.flags & 1) != 0) {
            throw malformed(at, "flags of a class must not contradict, were " + desc.flags);
        }
        judge(desc.name, at);
        int count = c.u16be();
        if (count > MOST_FIELDS) {
            throw new Refusal(FileRules.TOO_MANY, at, "fields must be <= " + MOST_FIELDS + ", were " + count);
        }
        List<Field> fields = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            inspection.step();
            char type = (char) c.u8();
            if ("BCDFIJSZL[".indexOf(type) < 0) {
                throw malformed(c.position() - 1, "type of a field must be known, was " + (int) type);
            }
            fields.add(new Field(type, utf()));
            if (type == 'L' || type == '[') {
                int text = c.u8();
                if (text != 0x74 && text != 0x7c && text != 0x71) {
                    throw malformed(c.position() - 1, "class of a field must be a string");
                }
                object(text, c.position() - 1, depth + 1);
            }
        }
        desc.fields = fields;
        rest(desc, at, depth);
        return desc;
    }

    private void rest(Desc desc, long at, int depth) throws IOException {
        Annotation annotation = new Annotation();
        annotation(annotation, depth);
        if (annotation.bytes > 0 || annotation.objects > 0) {
            inspection.report(CODEBASE, at, "a class must not be annotated, " + Text.quote(desc.name) + " is");
        }
        desc.parent = desc(c.u8(), c.position() - 1, depth + 1);
        int length = 0;
        for (Desc d = desc; d != null; d = d.parent) {
            if (++length > MOST_SUPERS) {
                throw new Refusal(FileRules.TOO_DEEP, at, "classes must have <= " + MOST_SUPERS + " ancestors");
            }
        }
        desc.complete = true;
    }

    private Desc proxy(long at, int depth) throws IOException {
        Desc desc = new Desc();
        desc.flags = 2;
        handle(desc, 1);
        long count = c.i32be();
        if (count < 0 || count > 65_535) {
            throw malformed(at, "interfaces of a proxy must be in [0, 65535], were " + count);
        }
        StringBuilder names = new StringBuilder();
        for (long i = 0; i < count; i++) {
            inspection.step();
            String name = utf();
            if (i < 8) {
                names.append(i == 0 ? "" : ", ").append(name);
            }
        }
        inspection.uses(
                Use.GLOBAL,
                "java.lang.reflect.Proxy",
                Standing.DANGEROUS,
                PROXY,
                at,
                "a proxy hands calls to an object of the stream, for " + Text.quote(names.toString()));
        rest(desc, at, depth);
        return desc;
    }

    private void judge(String name, long at) throws IOException {
        if (judged.size() > inspection.limits().items() || !judged.add(name)) {
            return;
        }
        String element = name;
        while (element.startsWith("[")) {
            element = element.substring(1);
        }
        if (!element.equals(name)) {
            if (element.length() == 1 && "BCDFIJSZ".contains(element)) {
                return;
            }
            if (!element.startsWith("L") || !element.endsWith(";")) {
                throw malformed(at, "name of an array class must be one, was " + Text.quote(name));
            }
            element = element.substring(1, element.length() - 1);
        }
        String plain = element;
        boolean gadget = GADGETS.stream().anyMatch(plain::startsWith);
        boolean known = KNOWN.contains(plain);
        inspection.uses(
                Use.GLOBAL,
                plain,
                known ? Standing.KNOWN : gadget ? Standing.DANGEROUS : Standing.UNKNOWN,
                gadget ? GADGET : CLASS,
                at,
                "reading would create an object of class " + Text.quote(plain));
    }

    /** Modified UTF-8 as ObjectInputStream decodes it, longer forms of short characters included. */
    private String utf() throws IOException {
        long at = c.position();
        int length = c.u16be();
        names += 64 + length;
        if (length > MOST_NAME || names > MOST_NAMES) {
            throw new Refusal(
                    FileRules.TOO_LARGE,
                    at,
                    "names must have <= " + MOST_NAME + " bytes, " + MOST_NAMES + " in all, have more");
        }
        byte[] bytes = c.bytes(length);
        StringBuilder text = new StringBuilder(bytes.length);
        for (int i = 0; i < bytes.length; ) {
            int b = bytes[i] & 0xff;
            int more = b < 0x80 ? 0 : b >> 5 == 6 ? 1 : b >> 4 == 14 ? 2 : -1;
            if (more < 0 || i + more >= bytes.length) {
                throw malformed(at, "a name must be modified UTF-8");
            }
            int value = more == 0 ? b : more == 1 ? b & 0x1f : b & 0xf;
            for (int j = 1; j <= more; j++) {
                if ((bytes[i + j] & 0xc0) != 0x80) {
                    throw malformed(at, "a name must be modified UTF-8");
                }
                value = value << 6 | bytes[i + j] & 0x3f;
            }
            text.append((char) value);
            i += more + 1;
        }
        return text.toString();
    }
}
