// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

/** The security objectives of using AI technology (ITU-T XSTR-SEC-AI, Table 2). */
public enum SecurityObjective {
    /** Legal compliance. */
    LEGAL_COMPLIANCE("Legal compliance"),
    /** Reliable and controllable functions. */
    RELIABLE_AND_CONTROLLABLE_FUNCTIONS("Reliable and controllable functions"),
    /** Data security and reliability. */
    DATA_SECURITY_AND_RELIABILITY("Data security and reliability"),
    /** Fairness and justice in decision-making. */
    FAIRNESS_AND_JUSTICE("Fairness and justice in decision-making"),
    /** Behaviour explainability. */
    BEHAVIOUR_EXPLAINABILITY("Behaviour explainability"),
    /** Incident traceability. */
    INCIDENT_TRACEABILITY("Incident traceability");

    private final String title;

    SecurityObjective(String title) {
        this.title = title;
    }

    /**
     * Returns the name as the report has it.
     *
     * @return for a reader
     */
    public String title() {
        return title;
    }
}
