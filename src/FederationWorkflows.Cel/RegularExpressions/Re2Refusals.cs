namespace FederationWorkflows.Cel.RegularExpressions;

/// <summary>What to write instead of what other dialects have and RE2 has not.</summary>
internal static class Re2Refusals
{
    /// <summary>Why a group that begins like this is refused.</summary>
    public static string OfGroup(string opening) => opening switch
    {
        ['(', '?', '=' or '!', ..] or ['(', '?', '<', ..] =>
            "look-ahead and look-behind are not in RE2, since they cannot be matched in linear time; test for the surrounding text with a second expression",
        ['(', '?', '>', ..] => "atomic groups are not in RE2, which never backtracks; write (?:...)",
        ['(', '?', 'P', '=', ..] => "back-references are not in RE2, since they cannot be matched in linear time; extract the text and compare it",
        ['(', '?', '#', ..] => "comments are not in RE2; leave them out",
        ['(', '?', '|', ..] => "groups that share numbers are not in RE2; write (?:...)",
        ['(', '?', '(', ..] => "conditional groups are not in RE2; write the alternatives out with |",
        _ => $"'{opening}' opens no group that RE2 knows: (...), (?:...), (?P<name>...), (?<name>...) and the flags i, m, s and U do",
    };
}
