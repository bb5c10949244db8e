"""Keys and certificates of the county: ceremony, issuing, revocation, lists, status, attribute certificates.

This authority is internal (内部证书): it serves the county's own programs, bodies and officials, and is no 电子政务电子认证服务 in
the sense of 商用密码管理条例 第30条. Whatever needs a licensed certifier goes through the slot in `licensed`.
"""
