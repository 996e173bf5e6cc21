// SPDX-License-Identifier: Apache-2.0
/**
 * Fairness over time: environments in which decisions change the population, and policies that act in them (ITU-T XSTR-SEC-AI,
 * clause 7.3.2-5, dynamic evaluation).
 */
@NullMarked
package dev.aisec.fairness.simulation;

import org.jspecify.annotations.NullMarked;
