// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import dev.aisec.provenance.modelfile.PickleValue.Storage;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code torch.save} writes since version 1.6: a zip with {@code data.pkl} and one entry for each storage, all in one
 * folder. Every pickle is interpreted, whatever its name; every storage must be as long as the pickle says, every tensor
 * must lie in its storage. TorchScript holds a program of its own, which is not analysed: such a file cannot be inspected,
 * though its pickles are.
 */
record PyTorchFormat() implements ModelFormat {
    static final Rule TORCH_SCRIPT = Rule.cannotInspect(
            "pytorch.torchscript",
            "The file holds a program of TorchScript, which runs when the model is used; it is not analysed here.",
            "");
    static final Rule LAYOUT = Rule.reject(
            "pytorch.layout", "The archive is not laid out as torch.save does, so readers may differ.", "CWE-436");
    static final Rule UNUSED = Rule.warn("pytorch.unused", "A storage belongs to no tensor; nobody reads it.", "");

    private static final String PICKLE = "data.pkl";
    private static final String STORAGES = "data/";
    private static final int MOST_TEXT = 1024;
    private static final Set<String> NOTES = Set.of(
            "version", ".data/version", "byteorder", ".format_version", ".storage_alignment", ".data/serialization_id");

    @Override
    public String name() {
        return "pytorch";
    }

    @Override
    public List<String> extensions() {
        return List.of("pt", "pth", "bin", "ckpt", "pkl", "ptl", "model", "zip", "tar");
    }

    @Override
    public List<Rule> rules() {
        List<Rule> rules = new ArrayList<>(PickleRules.ALL);
        rules.addAll(List.of(PickleRules.TENSOR, TorchStorages.STORAGE, TORCH_SCRIPT, LAYOUT, UNUSED));
        rules.addAll(ZipReader.RULES);
        rules.addAll(Entries.RULES);
        return rules;
    }

    @Override
    public Claim recognizes(Probe probe) {
        if (probe.zipNames().isEmpty()) {
            return Claim.NONE;
        }
        List<String> names = probe.zipNames().get();
        for (String name : names) {
            Optional<String> folder = folder(name);
            if (folder.isPresent()
                    && names.stream()
                            .anyMatch(n -> n.startsWith(folder.get())
                                    && (NOTES.contains(n.substring(folder.get().length()))
                                            || n.startsWith(folder.get() + STORAGES)
                                            || n.startsWith(folder.get() + "code/")))) {
                return Claim.CERTAIN;
            }
        }
        return Claim.NONE;
    }

    /** The folder of a model, with the slash, if the name is that of its pickle. */
    private static Optional<String> folder(String name) {
        if (name.equals(PICKLE)) {
            return Optional.of("");
        }
        int slash = name.indexOf('/');
        return slash >= 0 && name.substring(slash + 1).equals(PICKLE)
                ? Optional.of(name.substring(0, slash + 1))
                : Optional.empty();
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        ZipReader zip = ZipReader.open(source, inspection);
        List<String> folders = zip.members().stream()
                .flatMap(m -> folder(m.name()).stream())
                .distinct()
                .toList();
        if (folders.size() != 1) {
            inspection.report(LAYOUT, -1, "one folder must hold " + PICKLE + ", " + folders.size() + " do");
        }
        Set<String> folded = new HashSet<>();
        for (ZipReader.Member member : zip.members()) {
            if (!folded.add(member.name().toLowerCase(Locale.ROOT))) {
                // The reader of PyTorch does not tell upper from lower case.
                inspection.report(
                        LAYOUT,
                        member.header(),
                        "names must differ in more than case, this one does not: " + Text.quote(member.name()));
            }
        }
        String folder = folders.isEmpty() ? "" : folders.get(0);
        boolean script = zip.members().stream().anyMatch(m -> m.name().startsWith(folder + "code/"));
        if (script) {
            inspection.report(TORCH_SCRIPT, -1, "a model must be data, holds code of TorchScript");
        }
        ByteOrder order = ByteOrder.LITTLE_ENDIAN;
        Map<String, ByteSource> contents = new LinkedHashMap<>();
        Map<String, ZipReader.Member> data = new LinkedHashMap<>();
        Optional<ZipReader.Member> main = Optional.empty();
        for (ZipReader.Member member : zip.members()) {
            inspection.step();
            String name = member.name();
            if (!member.readable() || member.directory()) {
                continue;
            }
            if (!name.startsWith(folder)) {
                other(zip, member, inspection, false);
                continue;
            }
            String inner = name.substring(folder.length());
            if (inner.equals(PICKLE)) {
                main = Optional.of(member);
            } else if (NOTES.contains(inner)) {
                String note = note(zip, member, inspection);
                if (inner.equals("byteorder")) {
                    order = order(note, inspection);
                } else if (inner.equals("version")) {
                    inspection.metadata("pytorch.version", note.strip());
                }
            } else if (inner.startsWith(STORAGES) && inner.indexOf('/', STORAGES.length()) < 0) {
                data.put(inner.substring(STORAGES.length()), member);
            } else {
                other(zip, member, inspection, script);
            }
        }
        if (main.isEmpty()) {
            return;
        }
        Inspection inner = inspection.entry(main.get().name());
        ZipReader.Member pickle = main.get();
        ByteOrder stored = order;
        boolean[] whole = {false};
        Entries.guarded(inner, in -> {
            model(zip.content(pickle), in, script, data, contents, stored, zip);
            whole[0] = true;
        });
        if (!whole[0]) {
            return;
        }
        for (Map.Entry<String, ZipReader.Member> unused : data.entrySet()) {
            if (!contents.containsKey(unused.getKey())) {
                inspection.report(
                        UNUSED,
                        -1,
                        "storages should belong to tensors, "
                                + Text.quote(unused.getValue().name()) + " does not");
                ZipReader.Member member = unused.getValue();
                Entries.guarded(inspection, in -> in.nested(member.name(), zip.content(member)));
            }
        }
    }

    private static void model(
            ByteSource pickle,
            Inspection inspection,
            boolean script,
            Map<String, ZipReader.Member> data,
            Map<String, ByteSource> contents,
            ByteOrder order,
            ZipReader zip)
            throws IOException {
        TorchStorages storages = new TorchStorages(inspection, script ? "__torch__" : "");
        Cursor cursor = new Cursor(pickle);
        PickleStreams.Result result = PickleStreams.one(cursor, inspection, storages);
        if (cursor.remaining() > 0) {
            inspection.report(
                    PickleRules.TRAILING,
                    cursor.position(),
                    "nothing must follow the pickle, " + cursor.remaining() + " bytes do");
        }
        for (Storage storage : storages.storages().values()) {
            ZipReader.Member member = data.get(storage.key);
            long bytes = TorchStorages.bytes(storage);
            if (member == null) {
                inspection.report(
                        TorchStorages.STORAGE,
                        -1,
                        "storages must be in the file, " + Text.quote(storage.key) + " is not");
                continue;
            }
            ByteSource content = zip.content(member);
            contents.put(storage.key, content);
            if (content.length() != bytes) {
                inspection.report(
                        TorchStorages.STORAGE,
                        -1,
                        "storage " + Text.quote(storage.key) + " must have " + (bytes < 0 ? "too many" : bytes)
                                + " bytes, has " + content.length());
                return;
            }
        }
        storages.tell(result.arrays(), contents, order);
        PickleStreams.tellArrays(result.arrays(), inspection);
    }

    private static String note(ZipReader zip, ZipReader.Member member, Inspection inspection) throws IOException {
        if (member.size() > MOST_TEXT) {
            inspection.report(
                    LAYOUT,
                    -1,
                    Text.quote(member.name()) + " must have <= " + MOST_TEXT + " bytes, has " + member.size());
            return "";
        }
        ByteSource content = zip.content(member);
        return new String(content.read(0, (int) Math.min(MOST_TEXT, content.length())), StandardCharsets.ISO_8859_1);
    }

    private static ByteOrder order(String note, Inspection inspection) {
        if (!note.equals("little") && !note.equals("big")) {
            inspection.report(LAYOUT, -1, "the byte order must be little or big, was " + Text.quote(note));
        }
        return note.equals("big") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    }

    /** Entries beside the model: whatever they are, they are looked at. */
    private static void other(ZipReader zip, ZipReader.Member member, Inspection inspection, boolean script)
            throws IOException {
        if (script && member.name().endsWith("pkl")) {
            Inspection inner = inspection.entry(member.name());
            Entries.guarded(inner, in -> {
                Cursor cursor = new Cursor(zip.content(member));
                PickleStreams.one(cursor, in, new TorchStorages(in, "__torch__"));
            });
        } else if (!script || !member.name().endsWith(".py") && !member.name().endsWith(".debug_pkl")) {
            Entries.guarded(inspection, in -> Entries.other(member.name(), zip.content(member), in));
        }
    }
}
