// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

/** Whether a criterion is met. */
public enum Outcome {
    /** The whole interval lies on the good side of the threshold. */
    MET("met", "✓"),
    /** The whole interval lies on the bad side. */
    NOT_MET("not met", "✗"),
    /** The interval has the threshold inside: more data would tell. */
    UNDECIDED("undecided", "?"),
    /** Nothing was measured, or the measurement abstained. */
    NOT_ASSESSED("not assessed", "–");

    private final String title;
    private final String sign;

    Outcome(String title, String sign) {
        this.title = title;
        this.sign = sign;
    }

    /**
     * Returns the words for a reader.
     *
     * @return in lower case
     */
    public String title() {
        return title;
    }

    /**
     * Returns a sign that stands beside the words, never instead of them.
     *
     * @return one character
     */
    public String sign() {
        return sign;
    }
}
