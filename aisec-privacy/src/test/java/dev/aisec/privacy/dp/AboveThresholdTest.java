// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static dev.aisec.privacy.accounting.Neighbouring.ADD_REMOVE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.privacy.accounting.SpendToken;
import dev.aisec.privacy.accounting.TestTokens;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AboveThresholdTest {
    private static final ValueLattice UNIT = new ValueLattice(0, 1);
    private static final double[] SCORES = {-2, 1, 0, 3, -1, 2};

    private static SpendToken token(AboveThreshold mechanism) {
        return TestTokens.of(mechanism.loss(ADD_REMOVE));
    }

    /** Where the session halts, against the sum over the noise of the threshold; by chance below 1e-9. */
    @Test
    void session_unitLattice_haltsByTheExactLaw() {
        AboveThreshold mechanism = AboveThreshold.of(2, 1, 1, ADD_REMOVE);
        SpendToken token = token(mechanism);
        BitSource bits = new SeededBits(11);
        long[] counts = new long[SCORES.length + 1];
        // A session makes its samplers anew, so that draws are few.
        for (int i = 0; i < 800; i++) {
            AboveThreshold.Session session = new AboveThreshold.Session(mechanism, token, UNIT, bits);
            int at = 0;
            while (at < SCORES.length && !session.above(SCORES[at], bits)) {
                at++;
            }
            counts[at]++;
        }
        Fit.assertFits(counts, haltingLaw(mechanism, SCORES));
    }

    /** The exact law keeps ε between neighbours whose scores move by 1 each, in any direction. */
    @Test
    void haltingLaw_neighbours_ratioWithinEpsilon() {
        for (double epsilon : new double[] {0.1, 1, 3}) {
            AboveThreshold mechanism = AboveThreshold.of(epsilon, 1, 1, ADD_REMOVE);
            double[] p = haltingLaw(mechanism, SCORES);
            for (int direction = 0; direction < 64; direction++) {
                double[] other = SCORES.clone();
                for (int i = 0; i < other.length; i++) {
                    other[i] += (direction >> i & 1) * 2 - 1;
                }
                double[] q = haltingLaw(mechanism, other);
                for (int i = 0; i < p.length; i++) {
                    assertThat(Math.abs(Math.log(p[i] / q[i]))).isLessThanOrEqualTo(epsilon * (1 + 1e-9));
                }
            }
        }
    }

    @Test
    void haltingLaw_monotoneNeighbours_ratioWithinEpsilon() {
        AboveThreshold mechanism = AboveThreshold.of(1, 1, 1, ADD_REMOVE).withMonotone(true);
        double[] p = haltingLaw(mechanism, SCORES);
        for (int moved = 0; moved < 64; moved++) {
            double[] other = SCORES.clone();
            for (int i = 0; i < other.length; i++) {
                other[i] += moved >> i & 1;
            }
            double[] q = haltingLaw(mechanism, other);
            for (int i = 0; i < p.length; i++) {
                assertThat(Math.abs(Math.log(p[i] / q[i]))).isLessThanOrEqualTo(1 + 1e-9);
            }
        }
    }

    /** Two answers: the exact law of whole answer sequences keeps ε, for neighbours in all directions. */
    @Test
    void sequenceLaw_twoAnswers_ratioWithinEpsilon() {
        for (boolean monotone : new boolean[] {false, true}) {
            AboveThreshold mechanism =
                    AboveThreshold.of(1, 0, 1, ADD_REMOVE).withAnswers(2).withMonotone(monotone);
            double[] scores = {2, -1, 0, 3};
            for (int moved = 0; moved < 16; moved++) {
                double[] other = scores.clone();
                for (int i = 0; i < 4; i++) {
                    other[i] += monotone ? moved >> i & 1 : (moved >> i & 1) * 2 - 1;
                }
                double total = 0;
                // A sequence ends with its second answer or after four scores; its first ones are in the low bits.
                for (int length = 2; length <= 4; length++) {
                    for (int sequence = 0; sequence < 1 << length; sequence++) {
                        int above = Integer.bitCount(sequence);
                        boolean ends = above == 2 && (sequence >> length - 1 & 1) != 0 || length == 4 && above < 2;
                        if (ends) {
                            double p = sequenceLaw(mechanism, scores, sequence, length);
                            double q = sequenceLaw(mechanism, other, sequence, length);
                            assertThat(Math.abs(Math.log(p / q))).isLessThanOrEqualTo(1 + 1e-9);
                            total += p;
                        }
                    }
                }
                assertThat(total).isBetween(1 - 1e-9, 1 + 1e-9);
            }
        }
    }

    private static double sequenceLaw(AboveThreshold mechanism, double[] scores, int sequence, int length) {
        double a = Math.exp(-1 / mechanism.thresholdScale(UNIT));
        double b = Math.exp(-1 / mechanism.scoreScale(UNIT));
        int range = (int) (60 * mechanism.thresholdScale(UNIT)) + 10;
        double law = 0;
        for (int z = -range; z <= range; z++) {
            double p = (1 - a) / (1 + a) * Math.pow(a, Math.abs(z));
            for (int i = 0; i < length; i++) {
                int least = z - (int) scores[i];
                double above = least >= 1 ? Math.pow(b, least) / (1 + b) : 1 - Math.pow(b, 1.0 - least) / (1 + b);
                p *= (sequence >> i & 1) != 0 ? above : 1 - above;
            }
            law += p;
        }
        return law;
    }

    @Test
    void session_afterAllAnswers_refuses() {
        AboveThreshold mechanism = AboveThreshold.of(100, 0, 1, ADD_REMOVE).withAnswers(3);
        AboveThreshold.Session session = mechanism.open(token(mechanism));
        for (int i = 0; i < 10; i++) {
            assertThat(session.above(-1000)).isFalse();
        }
        assertThat(session.halted()).isFalse();
        for (int i = 0; i < 3; i++) {
            assertThat(session.above(1000)).isTrue();
        }
        assertThat(session.halted()).isTrue();
        assertThatThrownBy(() -> session.above(0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("session must not have halted, but 3 of 3 were above");
        assertThat(session.evidence().parameters()).containsEntry("asked", "13").containsEntry("above", "3");
    }

    @Test
    void session_nan_refusedAndNotCounted() {
        AboveThreshold mechanism = AboveThreshold.of(1, 0, 1, ADD_REMOVE);
        AboveThreshold.Session session = mechanism.open(token(mechanism));
        assertThatThrownBy(() -> session.above(Double.NaN)).hasMessage("score must be finite, was NaN");
        assertThat(session.evidence().parameters()).containsEntry("asked", "0");
    }

    @Test
    void session_manyThreads_neverMoreAnswersThanPaid() throws InterruptedException {
        AboveThreshold mechanism = AboveThreshold.of(100, 0, 1, ADD_REMOVE).withAnswers(5);
        AboveThreshold.Session session = mechanism.open(token(mechanism));
        List<Thread> threads = new ArrayList<>();
        int[] above = new int[4];
        for (int t = 0; t < above.length; t++) {
            int own = t;
            threads.add(new Thread(() -> {
                for (int i = 0; i < 100; i++) {
                    try {
                        above[own] += session.above(1e6) ? 1 : 0;
                    } catch (IllegalStateException halted) {
                        return;
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(above[0] + above[1] + above[2] + above[3]).isEqualTo(5);
    }

    @Test
    void release_stopsAtTheLastAnswer() {
        AboveThreshold mechanism = AboveThreshold.of(200, 0.5, 1, ADD_REMOVE).withAnswers(2);
        double[] scores = {-50, 50, -50, 50, 50, 50};
        Release<boolean[]> release = mechanism.release(scores, token(mechanism));
        assertThat(release.value()).containsExactly(false, true, false, true);
    }

    /** ε₁ + ε₂ is at most ε, and the split that of Lyu, Su, Li, section 4.2. */
    @Test
    void scales_addUpToEpsilon() {
        for (int answers : new int[] {1, 2, 10, 1000}) {
            for (double epsilon : new double[] {0.1, 0.7, 1, 5}) {
                for (boolean monotone : new boolean[] {false, true}) {
                    AboveThreshold mechanism = AboveThreshold.of(epsilon, 0, 1, ADD_REMOVE)
                            .withAnswers(answers)
                            .withMonotone(monotone);
                    double c = monotone ? answers : 2.0 * answers;
                    double first = 1 / mechanism.thresholdScale(UNIT);
                    double second = c / mechanism.scoreScale(UNIT);
                    assertThat(first + second).isBetween(epsilon * (1 - 1e-12), epsilon * (1 + 1e-15));
                    assertThat(second / first).isBetween(Math.pow(c, 2 / 3.0) - 1e-6, Math.pow(c, 2 / 3.0) + 1e-6);
                }
            }
        }
    }

    /** P(halt at i) = Σ_z P(Z = z) P(ν ≥ T + z − s_i) Π_{j < i} P(ν < T + z − s_j). */
    private static double[] haltingLaw(AboveThreshold mechanism, double[] scores) {
        double a = Math.exp(-1 / mechanism.thresholdScale(UNIT));
        double b = Math.exp(-1 / mechanism.scoreScale(UNIT));
        double[] law = new double[scores.length + 1];
        int range = (int) (60 * mechanism.thresholdScale(UNIT)) + 10;
        for (int z = -range; z <= range; z++) {
            double p = (1 - a) / (1 + a) * Math.pow(a, Math.abs(z));
            for (int i = 0; i < scores.length; i++) {
                int least = (int) mechanism.threshold() + z - (int) scores[i];
                double above = least >= 1 ? Math.pow(b, least) / (1 + b) : 1 - Math.pow(b, 1.0 - least) / (1 + b);
                law[i] += p * above;
                p *= 1 - above;
            }
            law[scores.length] += p;
        }
        return law;
    }
}
