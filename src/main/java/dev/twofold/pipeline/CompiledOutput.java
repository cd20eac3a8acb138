package dev.twofold.pipeline;

import java.util.Optional;

/**
 * An output that was written.
 *
 * @param comparison with the conversion that was repeated, if one was
 */
public record CompiledOutput(
        Compilation compilation, OutputWriter.Result result, Optional<FromManifest.Comparison> comparison) {}
