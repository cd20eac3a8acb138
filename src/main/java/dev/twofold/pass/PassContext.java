package dev.twofold.pass;

import dev.twofold.diag.Progress;

/**
 * What a running pass may use besides the decoder.
 *
 * @param progress hears how far a long pass has come
 */
public record PassContext(Progress progress) {}
