// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static dev.aisec.privacy.accounting.Neighbouring.ADD_REMOVE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.privacy.accounting.Budget;
import dev.aisec.privacy.accounting.BudgetExhaustedException;
import dev.aisec.privacy.accounting.MemoryLedger;
import org.junit.jupiter.api.Test;

class MechanismTest {
    @Test
    void releaseByLedger_badInput_costsNothingAndGoodInputIsPaid() {
        MemoryLedger ledger = MemoryLedger.of(Budget.pure(1.0001, ADD_REMOVE));
        Mechanism<Double, Double> mechanism = LaplaceMechanism.of(0.5, 1, ADD_REMOVE);

        assertThatThrownBy(() -> mechanism.release(Double.NaN, ledger, ADD_REMOVE))
                .hasMessage("value must be finite, was NaN");
        Release<Double> release = mechanism.release(1.0, ledger, ADD_REMOVE);
        mechanism.release(1.0, ledger, ADD_REMOVE);

        assertThat(release.evidence().parameters().get("token")).doesNotContain("not reserved");
        assertThatThrownBy(() -> mechanism.release(1.0, ledger, ADD_REMOVE))
                .isInstanceOf(BudgetExhaustedException.class);
    }
}
