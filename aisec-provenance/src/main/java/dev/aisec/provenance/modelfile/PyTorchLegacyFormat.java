// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import dev.aisec.provenance.modelfile.PickleValue.Constant;
import dev.aisec.provenance.modelfile.PickleValue.Dict;
import dev.aisec.provenance.modelfile.PickleValue.Int;
import dev.aisec.provenance.modelfile.PickleValue.Items;
import dev.aisec.provenance.modelfile.PickleValue.Storage;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@code torch.save} wrote before version 1.6, and writes still on demand: pickles of a magic number, the version, the
 * system, the model and the keys of its storages, then the storages. All five pickles are interpreted; every storage must
 * be as long as the model says; nothing may follow.
 */
record PyTorchLegacyFormat() implements ModelFormat {
    private static final int PROTOCOL = 1001;

    @Override
    public String name() {
        return "pytorch-legacy";
    }

    @Override
    public List<String> extensions() {
        return List.of("pt", "pth", "bin", "ckpt", "pkl", "tar", "model");
    }

    @Override
    public List<Rule> rules() {
        List<Rule> rules = new ArrayList<>(PickleRules.ALL);
        rules.add(PickleRules.TENSOR);
        rules.add(TorchStorages.STORAGE);
        return rules;
    }

    @Override
    public Claim recognizes(Probe probe) {
        return PickleFormat.isTorch(probe) ? Claim.CERTAIN : Claim.NONE;
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        Cursor cursor = new Cursor(source);
        one(cursor, inspection);
        long at = cursor.position();
        PickleValue version = one(cursor, inspection);
        if (!(version instanceof Int number) || number.value != PROTOCOL) {
            throw inspection.refuse(FileRules.MALFORMED, at, "the version must be " + PROTOCOL + ", is not");
        }
        at = cursor.position();
        PickleValue system = one(cursor, inspection);
        if (!(system instanceof Dict facts)) {
            throw inspection.refuse(FileRules.MALFORMED, at, "the description of the system must be a dict, is not");
        }
        ByteOrder order = order(facts);
        TorchStorages storages = new TorchStorages(inspection, "");
        PickleStreams.Result model = PickleStreams.one(cursor, inspection, storages);
        at = cursor.position();
        PickleValue keys = one(cursor, inspection);
        if (!(keys instanceof Items list) || list.kind != Items.Kind.LIST) {
            throw inspection.refuse(FileRules.MALFORMED, at, "the keys of storages must be a list, are not");
        }
        if (!list.complete()) {
            throw inspection.refuse(FileRules.TOO_MANY, at, "number of storages must be smaller, was " + list.size);
        }
        Map<String, ByteSource> contents = new LinkedHashMap<>();
        for (PickleValue item : list.items) {
            inspection.step();
            String key = item instanceof PickleValue.Text text ? text.text() : null;
            Storage storage = key == null ? null : storages.storages().get(key);
            at = cursor.position();
            if (key == null || storage == null || contents.containsKey(key)) {
                throw inspection.refuse(
                        TorchStorages.STORAGE,
                        at,
                        "keys must be those of the model, each once, " + Text.quote(String.valueOf(key)) + " is not");
            }
            long elements = order == ByteOrder.LITTLE_ENDIAN ? cursor.i64le() : cursor.i64be();
            long bytes = TorchStorages.bytes(storage);
            if (elements != storage.elements || bytes < 0) {
                throw inspection.refuse(
                        TorchStorages.STORAGE,
                        at,
                        "storage " + Text.quote(key) + " must have " + storage.elements + " elements, has " + elements);
            }
            contents.put(key, cursor.take(bytes));
        }
        for (String key : storages.storages().keySet()) {
            if (!contents.containsKey(key)) {
                throw inspection.refuse(
                        TorchStorages.STORAGE, -1, "storages must be in the file, " + Text.quote(key) + " is not");
            }
        }
        storages.tell(model.arrays(), contents, order);
        PickleStreams.tellArrays(model.arrays(), inspection);
        if (cursor.remaining() > 0) {
            throw inspection.refuse(
                    PickleRules.TRAILING,
                    cursor.position(),
                    "nothing must follow the storages, " + cursor.remaining() + " bytes do");
        }
    }

    private static PickleValue one(Cursor cursor, Inspection inspection) throws IOException {
        return PickleStreams.one(cursor, inspection, new PickleStreams.Host(inspection))
                .root();
    }

    private static ByteOrder order(Dict facts) throws IOException {
        for (int i = 0; i < facts.keys.size(); i++) {
            if (facts.keys.get(i) instanceof PickleValue.Text key && key.is("little_endian")) {
                return facts.values.get(i) == Constant.FALSE ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
            }
        }
        return ByteOrder.LITTLE_ENDIAN;
    }
}
