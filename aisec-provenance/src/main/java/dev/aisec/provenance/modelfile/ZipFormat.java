// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A zip archive that is laid out like no format of models: each entry is recognised and read for itself. An archive with
 * programs in it is refused; one with nothing in it that is known, beside text, cannot be inspected only if something else
 * is there.
 */
record ZipFormat() implements ModelFormat {
    @Override
    public String name() {
        return "zip";
    }

    @Override
    public List<String> extensions() {
        return List.of("zip");
    }

    @Override
    public Claim recognizes(Probe probe) {
        if (probe.zipNames().isEmpty()) {
            return Claim.NONE;
        }
        // With something before it, it is an archive to some readers and another file to others.
        return probe.startsWith('P', 'K') ? Claim.POSSIBLE : Claim.CERTAIN;
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        ZipReader zip = ZipReader.open(source, inspection);
        for (ZipReader.Member member : zip.members()) {
            if (member.readable() && !member.directory()) {
                Entries.guarded(inspection, in -> Entries.other(member.name(), zip.content(member), in));
            }
        }
    }

    @Override
    public List<Rule> rules() {
        List<Rule> rules = new ArrayList<>(ZipReader.RULES);
        rules.addAll(Entries.RULES);
        return List.copyOf(rules);
    }
}
