// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.apache.commons.statistics.distribution.ChiSquaredDistribution;
import org.junit.jupiter.api.Test;

class DecisionPolicyTest {
    private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8);

    /** False alarm probability 1e-9: half of it on each side. */
    @Test
    void uniform_manySubjects_isUniform() {
        int bins = 64;
        int n = 100_000;
        KeyedCoin coin = KeyedCoin.of(KEY, "loan");
        long[] counts = new long[bins];
        for (int i = 0; i < n; i++) {
            double u = coin.uniform("customer-" + i);
            assertThat(u >= 0 && u < 1).isTrue();
            counts[(int) (u * bins)]++;
        }
        double expected = (double) n / bins;
        double statistic = 0;
        for (long count : counts) {
            statistic += (count - expected) * (count - expected) / expected;
        }
        ChiSquaredDistribution law = ChiSquaredDistribution.of(bins - 1.0);
        assertThat(statistic).isBetween(law.inverseCumulativeProbability(5e-10), law.inverseSurvivalProbability(5e-10));
    }

    /** False alarm probability 1e-9. */
    @Test
    void accept_manySubjects_hitsTheProbability() {
        DecisionPolicy policy = (group, score) -> 0.3;
        KeyedCoin coin = KeyedCoin.of(KEY, "loan");
        long accepted = IntStream.range(0, 50_000)
                .filter(i -> policy.accept(0, 0.5, "s" + i, coin))
                .count();
        BinomialDistribution law = BinomialDistribution.of(50_000, 0.3);
        assertThat((int) accepted)
                .isBetween(law.inverseCumulativeProbability(5e-10), law.inverseSurvivalProbability(5e-10));
    }

    /** False alarm probability 1e-9: coins of two purposes and of two keys are independent. */
    @Test
    void uniform_otherPurposeOrKey_isIndependent() {
        byte[] otherKey = KEY.clone();
        otherKey[0] ^= 1;
        KeyedCoin coin = KeyedCoin.of(KEY, "loan");
        int n = 20_000;
        ChiSquaredDistribution law = ChiSquaredDistribution.of(63);
        for (KeyedCoin other : List.of(KeyedCoin.of(KEY, "job"), KeyedCoin.of(otherKey, "loan"))) {
            long[] counts = new long[64];
            for (int i = 0; i < n; i++) {
                counts[(int) (coin.uniform("s" + i) * 8) * 8 + (int) (other.uniform("s" + i) * 8)]++;
            }
            double statistic = 0;
            for (long count : counts) {
                statistic += (count - n / 64.0) * (count - n / 64.0) / (n / 64.0);
            }
            assertThat(statistic).isLessThan(law.inverseSurvivalProbability(5e-10));
        }
    }

    @Test
    void uniform_anySubject_isTheHmacOfTheJdk() throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
        byte[] tag = mac.doFinal("\0\0\0\4loanAda".getBytes(StandardCharsets.UTF_8));
        long bits = java.nio.ByteBuffer.wrap(tag).getLong();
        assertThat(KeyedCoin.of(KEY, "loan").uniform("Ada")).isEqualTo((bits >>> 11) / (double) (1L << 53));
    }

    @Test
    void uniform_fromManyThreads_isTheSame() {
        KeyedCoin coin = KeyedCoin.of(KEY, "loan");
        double[] alone =
                IntStream.range(0, 2000).mapToDouble(i -> coin.uniform("s" + i)).toArray();
        double[] together = IntStream.range(0, 2000)
                .parallel()
                .mapToDouble(i -> coin.uniform("s" + i))
                .toArray();
        assertThat(together).isEqualTo(alone);
    }

    @Test
    void accept_sameSubjectHigherScore_isNeverWorse() {
        KeyedCoin coin = KeyedCoin.of(KEY, "");
        DecisionPolicy policy = new StepPolicy(List.of(new StepPolicy.Rule(
                List.of(new StepPolicy.Step(0.2, 0.25), new StepPolicy.Step(0.5, 0.5), new StepPolicy.Step(0.8, 1)))));
        for (int i = 0; i < 500; i++) {
            boolean before = false;
            for (double score = 0; score <= 1; score += 0.05) {
                boolean now = policy.accept(0, score, "s" + i, coin);
                assertThat(now).isEqualTo(policy.accept(0, score, "s" + i, coin));
                assertThat(now || !before).isTrue();
                before = now;
            }
            assertThat(policy.accept(0, 0.1, "s" + i, coin)).isFalse();
            assertThat(before).isTrue();
        }
    }

    @Test
    void of_shortKey_refusesAndNeverShowsAKey() {
        assertThatThrownBy(() -> KeyedCoin.of(new byte[15], "")).hasMessage("key must be at least 16 bytes, was 15");
        assertThat(KeyedCoin.of(KEY, "loan").toString()).isEqualTo("KeyedCoin[HmacSHA256]");
    }

    @Test
    void stepPolicy_badInput_refuses() {
        StepPolicy policy = new StepPolicy(List.of(StepPolicy.Rule.threshold(0.5), StepPolicy.Rule.UNSEEN));
        assertThat(policy.acceptProbability(0, 0.5)).isEqualTo(1);
        assertThat(policy.acceptProbability(0, Math.nextDown(0.5))).isZero();
        assertThatThrownBy(() -> policy.acceptProbability(0, Double.NaN)).hasMessageContaining("was NaN");
        assertThatThrownBy(() -> policy.acceptProbability(2, 0)).hasMessageContaining("[0, 2)");
        assertThatThrownBy(() -> policy.acceptProbability(1, 0)).hasMessageContaining("rows in fitting");
        assertThatThrownBy(() -> new StepPolicy.Step(0, 1.1)).hasMessageContaining("[0, 1]");
        assertThatThrownBy(() -> new StepPolicy.Step(Double.NaN, 1)).hasMessageContaining("NaN");
        assertThatThrownBy(() -> new StepPolicy.Rule(List.of(new StepPolicy.Step(1, 0.5), new StepPolicy.Step(1, 0.6))))
                .hasMessageContaining("ascending");
    }
}
