// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import java.util.OptionalLong;

/** Why a file is refused; internal, becomes a finding. */
final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Finding finding;

    private Refusal(Finding finding) {
        super(finding.message());
        this.finding = finding;
    }

    static Refusal at(String rule, String entry, long offset, String message) {
        return new Refusal(new Finding(
                Severity.ERROR,
                "model-file." + rule,
                message,
                entry,
                OptionalLong.of(offset),
                "ITU-T XSTR-SEC-AI 7.3.4-2"));
    }

    static Refusal of(String rule, String entry, String message) {
        return new Refusal(new Finding(
                Severity.ERROR,
                "model-file." + rule,
                message,
                entry,
                OptionalLong.empty(),
                "ITU-T XSTR-SEC-AI 7.3.4-2"));
    }

    Finding finding() {
        return finding;
    }
}
