/** Floor 5: Hugging Face checkpoints: config.json, safetensors, and the family that says what they mean. */
@NullMarked
package dev.twofold.source.huggingface;

import org.jspecify.annotations.NullMarked;
