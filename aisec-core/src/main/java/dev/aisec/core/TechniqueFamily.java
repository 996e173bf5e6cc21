// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

/** The groups of security techniques (ITU-T XSTR-SEC-AI, clauses 7.3.1 to 7.3.4). */
public enum TechniqueFamily {
    /** Service compliance assessment. */
    COMPLIANCE_ASSESSMENT("Service compliance assessment", "7.3.1-1"),
    /** Service security mechanism. */
    SERVICE_MECHANISM("Service security mechanism", "7.3.1-2"),
    /** Security attack detection. */
    ATTACK_DETECTION("Security attack detection", "7.3.1-3"),
    /** Algorithm robustness enhancement. */
    ROBUSTNESS_ENHANCEMENT("Algorithm robustness enhancement", "7.3.2-1"),
    /** Algorithm fairness guarantee. */
    FAIRNESS_GUARANTEE("Algorithm fairness guarantee", "7.3.2-2"),
    /** Algorithm interpretability improvement. */
    INTERPRETABILITY_IMPROVEMENT("Algorithm interpretability improvement", "7.3.2-3"),
    /** Algorithm intellectual property protection. */
    INTELLECTUAL_PROPERTY_PROTECTION("Algorithm intellectual property protection", "7.3.2-4"),
    /** Algorithm security evaluation. */
    ALGORITHM_EVALUATION("Algorithm security evaluation", "7.3.2-5"),
    /** Data privacy computing. */
    PRIVACY_COMPUTING("Data privacy computing", "7.3.3-1"),
    /** Data tracing. */
    DATA_TRACING("Data tracing", "7.3.3-2"),
    /** Problem data cleaning. */
    DATA_CLEANING("Problem data cleaning", "7.3.3-3"),
    /** Data fairness enhancement. */
    DATA_FAIRNESS("Data fairness enhancement", "7.3.3-4"),
    /** Data security evaluation. */
    DATA_EVALUATION("Data security evaluation", "7.3.3-5"),
    /** Vulnerability mining and repair. */
    VULNERABILITY_MINING("Vulnerability mining and repair", "7.3.4-1"),
    /** Model verification. */
    MODEL_VERIFICATION("Model verification", "7.3.4-2"),
    /** Framework platform security deployment. */
    SECURITY_DEPLOYMENT("Framework platform security deployment", "7.3.4-3");

    private final String title;
    private final String clause;

    TechniqueFamily(String title, String clause) {
        this.title = title;
        this.clause = clause;
    }

    /**
     * Returns the name as the report has it.
     *
     * @return for a reader
     */
    public String title() {
        return title;
    }

    /**
     * Returns the clause and its item, for example {@code 7.3.1-3}.
     *
     * @return the clause and its item, for example {@code 7.3.1-3}
     */
    public String clause() {
        return clause;
    }
}
