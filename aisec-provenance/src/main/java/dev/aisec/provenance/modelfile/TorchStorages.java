// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.modelfile.PickleGlobals.Kind;
import dev.aisec.provenance.modelfile.PickleValue.Array;
import dev.aisec.provenance.modelfile.PickleValue.Constant;
import dev.aisec.provenance.modelfile.PickleValue.Global;
import dev.aisec.provenance.modelfile.PickleValue.Int;
import dev.aisec.provenance.modelfile.PickleValue.Storage;
import dev.aisec.provenance.modelfile.PickleValue.Text;
import dev.aisec.provenance.modelfile.PickleValue.Tuple;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The storages that a pickle of PyTorch refers to, and the tensors that are views of them. */
final class TorchStorages extends PickleStreams.Host {
    static final Rule STORAGE = Rule.reject(
            "pytorch.storage",
            "A storage is missing, or is not as long or not of the type that the pickle says.",
            "CWE-131");

    private final Inspection inspection;
    private final String own;
    private final Map<String, Storage> storages = new LinkedHashMap<>();

    /** Modules that begin with the given text are defined in the file; none if it is empty. */
    TorchStorages(Inspection inspection, String own) {
        super(inspection);
        this.inspection = inspection;
        this.own = own;
    }

    Map<String, Storage> storages() {
        return storages;
    }

    @Override
    public boolean owns(String module) {
        return !own.isEmpty() && (module.startsWith(own) || module.equals("torch.jit._pickle"));
    }

    /** {@code ('storage', type, key, location, elements[, view])}, or {@code ('module', class, file, source)} of old files. */
    @Override
    public PickleValue persistent(PickleValue id, long offset) throws IOException {
        if (id instanceof Tuple tuple
                && tuple.complete()
                && tuple.size >= 2
                && tuple.items.get(0) instanceof Text kind) {
            List<PickleValue> items = tuple.items;
            if (kind.is("module") && tuple.size == 4) {
                return items.get(1);
            }
            if (kind.is("storage")
                    && (tuple.size == 5 || tuple.size == 6)
                    && items.get(1) instanceof Global type
                    && items.get(2) instanceof Text key
                    && items.get(3) instanceof Text
                    && items.get(4) instanceof Int elements
                    && elements.value >= 0) {
                if (type.kind == null) {
                    return Constant.UNKNOWN;
                }
                String name = key.text();
                if (type.kind == Kind.TORCH_STORAGE && name != null) {
                    return storage(name, type.name, elements.value, offset);
                }
            }
        }
        problem(STORAGE, offset, "a persistent id must name a storage with type, key, location and size, does not");
        return Constant.UNKNOWN;
    }

    private Storage storage(String key, String type, long elements, long offset) throws IOException {
        ElementType element = PickleGlobals.STORAGES.get(type);
        boolean untyped = type.endsWith("UntypedStorage");
        Storage known = storages.get(key);
        Storage storage = new Storage(key, element == null ? ElementType.OPAQUE : element, untyped, elements);
        if (known == null) {
            if (storages.size() >= inspection.limits().items()) {
                throw inspection.refuse(
                        FileRules.TOO_MANY,
                        offset,
                        "number of storages must be <= " + inspection.limits().items() + ", is higher");
            }
            storages.put(key, storage);
            return storage;
        }
        if (known.type != storage.type || known.untyped != untyped || known.elements != elements) {
            problem(
                    STORAGE,
                    offset,
                    "storage " + dev.aisec.provenance.internal.Text.quote(key)
                            + " must have one type and size, has two");
        }
        return known;
    }

    /** How many bytes a storage must have; -1 if they do not fit a long. */
    static long bytes(Storage storage) {
        long each = storage.type.blockBytes();
        return storage.elements > Long.MAX_VALUE / each ? -1 : storage.elements * each;
    }

    /** Tells of the tensors and has their numbers scanned, each byte of a storage once. */
    void tell(List<Array> arrays, Map<String, ByteSource> contents, ByteOrder order) throws IOException {
        Map<String, List<Array>> views = new LinkedHashMap<>();
        for (Storage storage : storages.values()) {
            views.put(storage.key, new ArrayList<>());
        }
        for (Array array : arrays) {
            if (array.storage != null) {
                views.computeIfAbsent(array.storage.key, k -> new ArrayList<>()).add(array);
            }
        }
        for (Storage storage : storages.values()) {
            ByteSource content = contents.get(storage.key);
            if (content != null) {
                tell(storage, views.getOrDefault(storage.key, List.of()), content, order);
            }
        }
    }

    private void tell(Storage storage, List<Array> views, ByteSource content, ByteOrder order) throws IOException {
        boolean windows = !views.isEmpty();
        List<Array> sorted = new ArrayList<>(views);
        sorted.sort(Comparator.comparingLong(a -> a.start));
        List<Tensor> tensors = new ArrayList<>();
        long end = 0;
        @Nullable Array before = null;
        for (Array view : sorted) {
            inspection.step();
            String name = view.name == null || view.name.isEmpty() ? "storage." + storage.key : view.name;
            Tensor tensor = new Tensor(name, view.type, order, view.shape, Tensor.Role.PARAMETER);
            inspection.tensor(tensor);
            tensors.add(tensor);
            boolean same = before != null
                    && before.start == view.start
                    && before.type == view.type
                    && size(before) == size(view);
            long from = view.start * view.type.blockBytes();
            windows &= dense(view) && (same || from >= end);
            end = same ? end : from + tensor.bytes();
            before = view;
        }
        if (windows) {
            for (int i = 0; i < sorted.size(); i++) {
                Array view = sorted.get(i);
                boolean repeated =
                        i > 0 && sorted.get(i - 1).start == view.start && size(sorted.get(i - 1)) == size(view);
                if (!repeated) {
                    inspection.data(
                            tensors.get(i),
                            content.window(
                                    view.start * view.type.blockBytes(),
                                    tensors.get(i).bytes()));
                }
            }
        } else {
            // Views overlap or leave gaps: the storage is scanned as a whole.
            ElementType type = storage.untyped && !views.isEmpty() ? views.get(0).type : storage.type;
            long elements = content.length() / type.blockBytes();
            Tensor whole = new Tensor("storage." + storage.key, type, order, List.of(elements), Tensor.Role.PARAMETER);
            inspection.tensor(whole);
            inspection.data(whole, content.window(0, elements * type.blockBytes()));
        }
    }

    private static long size(Array array) {
        long product = 1;
        for (long size : array.shape) {
            product *= size;
        }
        return product;
    }

    /** Whether a view takes each element of a stretch of its storage once, in any order of its axes. */
    private static boolean dense(Array view) {
        List<Integer> axes = new ArrayList<>();
        for (int i = 0; i < view.shape.size(); i++) {
            if (view.shape.get(i) == 0) {
                return true;
            }
            if (view.shape.get(i) > 1) {
                axes.add(i);
            }
        }
        axes.sort(Comparator.comparingLong(view.strides::get));
        long stride = 1;
        for (int axis : axes) {
            if (view.strides.get(axis) != stride) {
                return false;
            }
            stride *= view.shape.get(axis);
        }
        return true;
    }
}
