/**
 * Floor 3: decoders in Twofold's own architecture for Transformers, as a config.json that lists steps and as tensors by
 * name, and back.
 */
@NullMarked
package dev.twofold.stepwise;

import org.jspecify.annotations.NullMarked;
