// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Finds the format of content. A second certain claim and a name that says another format are findings. */
final class Recognition {
    private Recognition() {}

    /** The formats to read the content as; none if it is unknown. */
    static List<ModelFormat> of(String name, ByteSource content, Inspection inspection, List<ModelFormat> formats)
            throws IOException {
        List<ModelFormat> certain = new ArrayList<>();
        List<ModelFormat> possible = new ArrayList<>();
        Probe probe = new Probe(name, content, inspection.limits());
        try {
            for (ModelFormat format : formats) {
                switch (format.recognizes(probe)) {
                    case CERTAIN -> certain.add(format);
                    case POSSIBLE -> possible.add(format);
                    case NONE -> {}
                }
            }
        } finally {
            inspection.steps(probe.work());
        }
        if (certain.size() > 1) {
            inspection.report(
                    FileRules.SECOND_CLAIM,
                    0,
                    "content must be of one format, is of "
                            + certain.stream().map(ModelFormat::name).toList());
        }
        List<ModelFormat> claims = certain.isEmpty() ? possible.subList(0, Math.min(1, possible.size())) : certain;
        if (!claims.isEmpty()) {
            extension(name, claims.get(0), inspection, formats);
        }
        return claims;
    }

    private static void extension(String name, ModelFormat format, Inspection inspection, List<ModelFormat> formats) {
        String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        boolean others = formats.stream().anyMatch(f -> f.extensions().contains(extension));
        if (name.contains(".") && others && !format.extensions().contains(extension)) {
            inspection.report(
                    FileRules.EXTENSION,
                    -1,
                    "content is " + format.name() + ", the extension says otherwise: " + Text.quote(name));
        }
    }
}
