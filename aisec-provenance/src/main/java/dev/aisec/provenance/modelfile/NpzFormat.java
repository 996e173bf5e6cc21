// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Archives of NumPy arrays, {@code .npz}: a zip that holds {@code .npy} entries and nothing else. */
record NpzFormat() implements ModelFormat {
    static final Rule ENTRY = Rule.reject("npz.entry", "An entry of the archive is no array.", "");

    @Override
    public String name() {
        return "npz";
    }

    @Override
    public List<String> extensions() {
        return List.of("npz");
    }

    @Override
    public List<Rule> rules() {
        List<Rule> rules = new ArrayList<>(new NumpyFormat().rules());
        rules.add(ENTRY);
        rules.addAll(ZipReader.RULES);
        return rules;
    }

    @Override
    public Claim recognizes(Probe probe) {
        Optional<List<String>> names = probe.zipNames();
        boolean all = names.isPresent()
                && !names.get().isEmpty()
                && names.get().stream().allMatch(name -> name.endsWith(".npy"));
        return all ? Claim.CERTAIN : Claim.NONE;
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        ZipReader zip = ZipReader.open(source, inspection);
        for (ZipReader.Member member : zip.members()) {
            if (!member.readable()) {
                continue;
            }
            Entries.guarded(inspection, in -> {
                Optional<String> format = in.nested(member.name(), zip.content(member));
                if (!format.equals(Optional.of("numpy"))) {
                    in.report(
                            ENTRY,
                            -1,
                            "entries must be arrays, " + Text.quote(member.name()) + " is "
                                    + format.orElse("of no known format"));
                }
            });
        }
    }
}
