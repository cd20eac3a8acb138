package dev.twofold.pass;

/**
 * Why a pass cannot run here.
 *
 * @param reason what stands in the way, with numbers
 * @param hint what to try
 */
public record NotApplicable(String reason, String hint) {}
