// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Collects findings; a rule that is broken by every file of a folder is told a hundred times, then counted. */
final class Findings {
    private static final int SHOWN = 100;

    private final List<Finding> all = new ArrayList<>();
    private final Map<SignatureRule, Integer> counts = new EnumMap<>(SignatureRule.class);
    private boolean rejected;
    private boolean unknown;

    void add(SignatureRule rule, String location, String message) {
        add(rule, rule.effect(), rule.severity(), location, message, OptionalLong.empty());
    }

    void add(Refusal refusal) {
        SignatureRule rule = refusal.rule();
        add(rule, rule.effect(), rule.severity(), "", refusal.text(), refusal.offset());
    }

    /** A broken rule that a policy lets pass. */
    void tolerate(SignatureRule rule, String location, String message) {
        add(rule, Verdict.ACCEPT, Severity.WARNING, location, message, OptionalLong.empty());
    }

    private void add(
            SignatureRule rule,
            Verdict effect,
            Severity severity,
            String location,
            String message,
            OptionalLong offset) {
        rejected |= effect == Verdict.REJECT;
        unknown |= effect == Verdict.CANNOT_INSPECT;
        if (counts.merge(rule, 1, Integer::sum) <= SHOWN) {
            all.add(new Finding(severity, rule.code(), message, location, offset, rule.reference()));
        }
    }

    Verdict verdict() {
        return rejected ? Verdict.REJECT : unknown ? Verdict.CANNOT_INSPECT : Verdict.ACCEPT;
    }

    List<Finding> list() {
        List<Finding> list = new ArrayList<>(all);
        counts.forEach((rule, count) -> {
            if (count > SHOWN) {
                list.add(Finding.of(rule.severity(), rule.code(), (count - SHOWN) + " more. " + rule.meaning(), ""));
            }
        });
        // What decides comes first; the order is otherwise that in which it was found.
        list.sort(Comparator.comparing(Finding::severity).reversed());
        return list;
    }
}
