package dev.twofold.checkpoint;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the names of the code that a checkpoint brings say of it. */
public final class OwnCode {

    private static final String MODEL_TYPE = "model_type";

    /** A class of configurations, in a module that is named after the type. */
    private static final Pattern CLASS = Pattern.compile("configuration_(\\w{1,60})\\.\\w+");

    /** Between the name of another repository and that of a class in it. */
    private static final String ELSEWHERE = "--";

    private OwnCode() {}

    /**
     * The same configuration with a {@code model_type}: where it has none, as that of MiniCPM 2B, transformers learns it of the class
     * that {@code auto_map} points to.
     */
    public static ConfigFile typed(ConfigFile config) {
        if (config.gives(MODEL_TYPE) || !config.keysIn(UnknownKeys.AUTO_MAP).contains("AutoConfig")) {
            return config;
        }
        return config.object(UnknownKeys.AUTO_MAP)
                .flatMap(map -> map.text("AutoConfig"))
                .flatMap(OwnCode::type)
                .map(type -> config.with(MODEL_TYPE, type))
                .orElse(config);
    }

    private static Optional<String> type(String name) {
        int at = name.lastIndexOf(ELSEWHERE);
        Matcher matcher = CLASS.matcher(at < 0 ? name : name.substring(at + ELSEWHERE.length()));
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }
}
